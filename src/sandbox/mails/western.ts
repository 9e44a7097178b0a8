import { letter, mail, type SampleMail, text } from './compose.ts'
import { encodedWords } from './transfer.ts'

/** Questions of customers in the languages of Western and Central Europe. */
export function westernMails(): readonly SampleMail[] {
  return [english(), german(), french(), spanish(), portuguese(), italian(), dutch(), polish()]
}

function english(): SampleMail {
  const fields = letter(
    'Grace Whitfield <grace.whitfield@harbourlane.example>',
    'Cannot log in after the update',
    '2026-11-02 09:14:00',
    '20261102091400.1A2B@harbourlane.example',
  )
  const body = `Hello,

since this morning's update the app tells me "Session expired" as soon as I enter my password. I have tried another
browser and a password reset, to no avail. Our order desk stands still, so a quick answer would be much appreciated.

Account number: 40-2291
Browser: Firefox 146 on Windows 11

Kind regards,
Grace Whitfield
-- 
Harbour Lane Supplies Ltd.
Phone +44 20 7946 0991
`
  return mail('english', 'plain text, us-ascii, 7bit, with a signature', fields, text(body, 'us-ascii', '7bit'))
}

function german(): SampleMail {
  const fields = letter(
    `${encodedWords('Jürgen Groß', 'utf-8', 'Q')} <j.gross@werkzeug-gross.example>`,
    encodedWords('Rechnung über 1.249,00 € doppelt abgebucht – bitte prüfen', 'utf-8', 'Q'),
    '2026-11-02 09:41:12',
    'b7c1.4411@werkzeug-gross.example',
  )
  const body = `Guten Tag,

die Rechnung R-2026-10387 über 1.249,00 € wurde am 30.10. zweimal von unserem Konto abgebucht. Bitte prüfen Sie das und überweisen Sie den zweiten Betrag zurück.

Mit freundlichen Grüßen
Jürgen Groß
`
  return mail('german', 'utf-8 as quoted-printable, encoded words (Q)', fields, text(body, 'utf-8', 'quoted-printable'))
}

function french(): SampleMail {
  const fields = letter(
    `${encodedWords('Élodie Lefèvre', 'iso-8859-1', 'Q')} <elodie.lefevre@boulangerie-lefevre.example>`,
    encodedWords('Commande n° 7718 : colis abîmé à la réception', 'iso-8859-1', 'Q'),
    '2026-11-02 10:02:45',
    'CAF7718.elodie@boulangerie-lefevre.example',
  )
  const body = `Bonjour,

J'ai reçu hier la commande n° 7718, mais le carton était déchiré et deux moules sont cassés.
Pourriez-vous m'indiquer la démarche à suivre pour un échange ? J'ai gardé l'emballage.

D'avance merci, et très bonne journée à toute l'équipe,
Élodie Lefèvre
`
  const part = text(body, 'iso-8859-1', 'quoted-printable')
  return mail('french', 'iso-8859-1 as quoted-printable', fields, part)
}

function spanish(): SampleMail {
  const fields = letter(
    `${encodedWords('Íñigo Muñoz', 'iso-8859-15')} <inigo@ferreteria-munoz.example>`,
    encodedWords('¿Cuándo llega mi reembolso de 89 €?', 'iso-8859-15'),
    '2026-11-02 10:30:00',
    'reembolso-89@ferreteria-munoz.example',
  )
  const body = `Buenos días:

Hace tres semanas devolví el taladro y aún no he recibido los 89 € que me prometieron.
El número de devolución es D-5530. ¿Podrían decirme cuándo se hará el abono?

Un saludo,
Íñigo Muñoz
`
  return mail('spanish', 'iso-8859-15 with the euro sign, 8bit', fields, text(body, 'iso-8859-15', '8bit'))
}

function portuguese(): SampleMail {
  const fields = letter(
    `${encodedWords('João Conceição', 'utf-8')} <joao.conceicao@padariasol.example>`,
    encodedWords('Não consigo alterar a morada de entrega', 'utf-8'),
    '2026-11-02 11:05:00',
    'morada-221@padariasol.example',
  )
  const body = `Boa tarde,

Mudámos de instalações, mas ao tentar alterar a morada de entrega aparece «Código postal inválido».
A nova morada é: Rua das Flores 12, 4050-262 Porto. Podem corrigir antes do próximo envio?

Obrigado pela atenção,
João Conceição
`
  return mail('portuguese', 'utf-8 as base64', fields, text(body, 'utf-8', 'base64'))
}

function italian(): SampleMail {
  const fields = letter(
    `${encodedWords('Niccolò Però', 'iso-8859-1', 'Q')} <niccolo@caffepero.example>`,
    encodedWords('La macchina perde acqua: è ancora in garanzia?', 'iso-8859-1', 'Q'),
    '2026-11-02 11:20:30',
    'garanzia.2026@caffepero.example',
  )
  const body = `Buongiorno,

la macchina acquistata a gennaio perde acqua dal serbatoio già dopo la prima tazza. È ancora in garanzia?
Il numero di serie è MX-20417. Resto in attesa di una Vostra risposta, perché così non si può lavorare.

Cordiali saluti
Niccolò Però
`
  return mail('italian', 'iso-8859-1, 8bit', fields, text(body, 'iso-8859-1', '8bit'))
}

function dutch(): SampleMail {
  const fields = letter(
    `${encodedWords('Zoë van den Berg', 'windows-1252', 'Q')} <zoe@fietsenberg.example>`,
    encodedWords('Offerte van € 2.300 – „klopt dit?”', 'windows-1252', 'Q'),
    '2026-11-02 11:48:00',
    'offerte2300@fietsenberg.example',
  )
  const body = `Goedemiddag,

In uw offerte staat een totaal van € 2.300,–, maar op de website zie ik “vanaf € 1.950”. Welke prijs klopt?
Ook de levertijd is me niet duidelijk… Graag vóór vrijdag een reactie, anders kiezen we ‘de concurrent’.

Groeten, Zoë van den Berg
`
  const part = text(body, 'windows-1252', '8bit')
  return mail('dutch-windows-1252', 'windows-1252, 8bit, with euro signs and curly quotes', fields, part)
}

function polish(): SampleMail {
  const fields = letter(
    `${encodedWords('Małgorzata Wiśniewska', 'iso-8859-2')} <m.wisniewska@ksiegarnia.example>`,
    encodedWords('Zamówienie 3391 – błędna faktura', 'utf-8'),
    '2026-11-02 12:10:00',
    'zam3391@ksiegarnia.example',
  )
  const body = `Dzień dobry,

na fakturze do zamówienia 3391 jest zły numer NIP. Proszę o wystawienie korekty i przesłanie jej na ten adres.
Paczka dotarła w całości, dziękuję za szybką wysyłkę.

Z poważaniem
Małgorzata Wiśniewska
`
  return mail(
    'polish',
    'iso-8859-2 as quoted-printable; name and subject in two charsets',
    fields,
    text(body, 'iso-8859-2', 'quoted-printable'),
  )
}
