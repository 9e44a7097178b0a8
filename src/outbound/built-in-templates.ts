/** What an acknowledgement says where no template of one's own does: three sentences, nothing that the sender wrote. */
export interface BuiltIn {
  /** In place of an empty subject. */
  readonly subject: string
  readonly lines: readonly string[]
}

export const BUILT_IN: Readonly<Record<string, BuiltIn>> = {
  en: {
    subject: 'We have received your message',
    lines: [
      'Thank you for your message. We have received it and will get back to you.',
      'Your ticket number is {{ticket}}. To add something, simply reply to this mail.',
      'This confirmation was sent automatically.',
    ],
  },
  de: {
    subject: 'Ihre Nachricht ist angekommen',
    lines: [
      'Vielen Dank für Ihre Nachricht. Sie ist bei uns angekommen, und wir melden uns bei Ihnen.',
      'Ihre Ticketnummer ist {{ticket}}. Wenn Sie etwas ergänzen möchten, antworten Sie einfach auf diese E-Mail.',
      'Diese Bestätigung wurde automatisch versandt.',
    ],
  },
  fr: {
    subject: 'Nous avons bien reçu votre message',
    lines: [
      'Merci de votre message. Nous l’avons bien reçu et nous reviendrons vers vous.',
      'Votre numéro de ticket est {{ticket}}. Pour ajouter quelque chose, répondez simplement à ce courriel.',
      'Cette confirmation a été envoyée automatiquement.',
    ],
  },
  es: {
    subject: 'Hemos recibido su mensaje',
    lines: [
      'Gracias por su mensaje. Lo hemos recibido y nos pondremos en contacto con usted.',
      'Su número de ticket es {{ticket}}. Si desea añadir algo, responda simplemente a este correo.',
      'Esta confirmación se ha enviado automáticamente.',
    ],
  },
  it: {
    subject: 'Abbiamo ricevuto il suo messaggio',
    lines: [
      'Grazie per il suo messaggio. Lo abbiamo ricevuto e le risponderemo.',
      'Il numero del suo ticket è {{ticket}}. Per aggiungere qualcosa, risponda semplicemente a questa e-mail.',
      'Questa conferma è stata inviata automaticamente.',
    ],
  },
  nl: {
    subject: 'Wij hebben uw bericht ontvangen',
    lines: [
      'Bedankt voor uw bericht. Wij hebben het ontvangen en nemen contact met u op.',
      'Uw ticketnummer is {{ticket}}. Wilt u iets toevoegen, beantwoord dan gewoon deze e-mail.',
      'Deze bevestiging is automatisch verzonden.',
    ],
  },
  pt: {
    subject: 'Recebemos a sua mensagem',
    lines: [
      'Obrigado pela sua mensagem. Já a recebemos e entraremos em contacto consigo.',
      'O número do seu ticket é {{ticket}}. Para acrescentar algo, basta responder a este e-mail.',
      'Esta confirmação foi enviada automaticamente.',
    ],
  },
  pl: {
    subject: 'Otrzymaliśmy Twoją wiadomość',
    lines: [
      'Dziękujemy za wiadomość. Dotarła do nas i wkrótce odpowiemy.',
      'Numer zgłoszenia to {{ticket}}. Aby coś dodać, wystarczy odpowiedzieć na tę wiadomość.',
      'To potwierdzenie zostało wysłane automatycznie.',
    ],
  },
}
