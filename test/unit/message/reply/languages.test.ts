import { describe, expect, test } from 'vitest'
import { replyOf } from '../../../../src/message/reply/reply.ts'

const replyTo = (text: string): string | null => replyOf({ text, html: null, subject: 'Re: question' }).reply

/** As Gmail, Apple Mail, Thunderbird and others write them above a quotation. */
const ATTRIBUTIONS: readonly [language: string, ...string[]][] = [
  [
    'en',
    'On Tue, Nov 3, 2026 at 10:12 AM Ann Example <ann@example.net> wrote:',
    'On Nov 3, 2026, at 10:12, Ann Example <ann@example.net> wrote:',
    'On 03/11/2026 10:12, Ann Example wrote:',
    'On Tuesday, November 3rd, 2026 at 10:12 AM, Ann Example <ann@example.net> wrote:',
    'On Tue, 3 Nov 2026 10:12:13 +0100\nAnn Example <ann@example.net> wrote:',
    'Ann Example <ann@example.net> wrote on Tue, 3 Nov 2026 at 10:12:',
    'Ann Example/Example Corp wrote on 03/11/2026 10:12:13 AM:',
    '---- On Tue, 03 Nov 2026 10:12:13 +0100 Ann Example <ann@example.net> wrote ----',
    'At 03/11/2026 10:12 AM, you wrote:',
    '2026-11-03 10:12 GMT+01:00 Ann Example <ann@example.net>:',
  ],
  [
    'de',
    'Am Di., 3. Nov. 2026 um 10:12 Uhr schrieb Ann Example <ann@example.net>:',
    'Am 03.11.2026 um 10:12 schrieb Ann Example <ann@example.net>:',
    'Am 03.11.26 um 10:12 schrieb Ann Example:',
    'Am 3. Nov. 2026 um 10:12 schrieb Ann Example <ann@example.net>:',
    'Ann Example <ann@example.net> schrieb am Di., 3. Nov. 2026, 10:12:',
    'Am Dienstag, dem 03.11.2026 um 10:12 +0100 schrieb Ann Example:',
  ],
  [
    'fr',
    'Le mar. 3 nov. 2026 à 10:12, Ann Example <ann@example.net> a écrit :',
    'Le 3 nov. 2026 à 10:12, Ann Example <ann@example.net> a écrit\u00a0:',
    'Le 03/11/2026 à 10:12, Ann Example a écrit :',
  ],
  [
    'es',
    'El mar, 3 nov 2026 a las 10:12, Ann Example (<ann@example.net>) escribió:',
    'El 3 nov 2026, a las 10:12, Ann Example <ann@example.net> escribió:',
    'El 3/11/26 a las 10:12, Ann Example escribió:',
  ],
  [
    'pt',
    'Em ter., 3 de nov. de 2026 às 10:12, Ann Example <ann@example.net> escreveu:',
    'Em 03/11/2026 10:12, Ann Example escreveu:',
    'Ann Example <ann@example.net> escreveu no dia terça, 3/11/2026 à(s) 10:12:',
  ],
  [
    'it',
    'Il giorno mar 3 nov 2026 alle ore 10:12 Ann Example <ann@example.net> ha scritto:',
    'Il 03/11/2026 10:12, Ann Example ha scritto:',
    'Il giorno 3 nov 2026, alle ore 10:12, Ann Example <ann@example.net> ha scritto:',
  ],
  [
    'nl',
    'Op di 3 nov 2026 om 10:12 schreef Ann Example <ann@example.net>:',
    'Op 3 nov. 2026, om 10:12 heeft Ann Example <ann@example.net> het volgende geschreven:',
    'Op 03-11-2026 om 10:12 schreef Ann Example:',
  ],
  [
    'pl',
    'wt., 3 lis 2026 o 10:12 Ann Example <ann@example.net> napisał(a):',
    'W dniu 03.11.2026 o 10:12, Ann Example pisze:',
    'Wiadomość napisana przez Ann Example <ann@example.net> w dniu 3 lis 2026, o godz. 10:12:',
  ],
  [
    'sv',
    'Den tis 3 nov. 2026 kl 10:12 skrev Ann Example <ann@example.net>:',
    'Den 2026-11-03 kl. 10:12, skrev Ann Example:',
  ],
  [
    'da',
    'Den tirs. 3. nov. 2026 kl. 10.12 skrev Ann Example <ann@example.net>:',
    'Den 03.11.2026 kl. 10.12 skrev Ann Example:',
  ],
  [
    'nb',
    'tir. 3. nov. 2026 kl. 10:12 skrev Ann Example <ann@example.net>:',
    'Den 03.11.2026 10:12, skrev Ann Example:',
  ],
  [
    'fi',
    'ti 3. marrask. 2026 klo 10.12 Ann Example (ann@example.net) kirjoitti:',
    'Ann Example <ann@example.net> kirjoitti 3.11.2026 kello 10.12:',
  ],
  [
    'cs',
    'út 3. 11. 2026 v 10:12 odesílatel Ann Example <ann@example.net> napsal:',
    'Dne 03. 11. 26 v 10:12 Ann Example napsal(a):',
  ],
  [
    'sk',
    'ut 3. 11. 2026 o 10:12 Ann Example <ann@example.net> napísal(a):',
    'Dňa 3. 11. 2026 o 10:12 Ann Example napísal(a):',
  ],
  [
    'hu',
    'Ann Example <ann@example.net> ezt írta (időpont: 2026. nov. 3., K, 10:12):',
    '2026. 11. 03. 10:12 keltezéssel, Ann Example írta:',
  ],
  [
    'ro',
    'mar., 3 nov. 2026 la 10:12, Ann Example <ann@example.net> a scris:',
    'Pe 03.11.2026 10:12, Ann Example a scris:',
  ],
  [
    'el',
    'Στις Τρί 3 Νοε 2026 στις 10:12 π.μ., ο χρήστης Ann Example <ann@example.net> έγραψε:',
    'Στις 3/11/2026 10:12, Ann Example έγραψε:',
  ],
  ['ru', 'вт, 3 нояб. 2026 г. в 10:12, Ann Example <ann@example.net>:', '03.11.2026 10:12, Ann Example пишет:'],
  ['uk', 'вт, 3 лист. 2026 р. о 10:12 Ann Example <ann@example.net> пише:', '03.11.2026 10:12, Ann Example пише:'],
  [
    'bg',
    'На вт, 3.11.2026 г. в 10:12 Ann Example <ann@example.net> написа:',
    'На 3.11.26 г. в 10:12, Ann Example написа:',
  ],
  [
    'hr',
    'uto, 3. stu 2026. u 10:12 Ann Example <ann@example.net> napisao je:',
    'Dana 3.11.2026. u 10:12, Ann Example je napisao/la:',
  ],
  ['sl', 'V tor., 3. nov. 2026 ob 10:12 je oseba Ann Example <ann@example.net> napisala:'],
  ['lt', '2026-11-03, an, 10:12 Ann Example <ann@example.net> rašė:'],
  ['et', 'Ann Example <ann@example.net> kirjutas kuupäeval T, 3. november 2026 kell 10:12:'],
  [
    'ca',
    'El dt., 3 de nov. 2026 a les 10:12, Ann Example <ann@example.net> va escriure:',
    'Missatge de Ann Example <ann@example.net> del dia dt., 3 de nov. 2026 a les 10:12:',
  ],
  [
    'tr',
    'Ann Example <ann@example.net>, 3 Kas 2026 Sal, 10:12 tarihinde şunu yazdı:',
    '3.11.2026 10:12 tarihinde Ann Example yazdı:',
  ],
  [
    'ja',
    '2026年11月3日(火) 10:12 Ann Example <ann@example.net>:',
    '2026/11/03 10:12、Ann Example <ann@example.net>のメール:',
  ],
  [
    'zh',
    'Ann Example <ann@example.net> 于2026年11月3日周二 10:12写道：',
    '在 2026年11月3日，10:12，Ann Example <ann@example.net> 写道：',
    'Ann Example <ann@example.net> 於 2026年11月3日 週二 上午10:12寫道：',
  ],
  ['ko', '2026년 11월 3일 (화) 오전 10:12, Ann Example <ann@example.net>님이 작성:'],
  ['vi', 'Vào Th 3, 3 thg 11, 2026 vào lúc 10:12 Ann Example <ann@example.net> đã viết:'],
  [
    'th',
    'เมื่อ อ. 3 พ.ย. 2026 เวลา 10:12 Ann Example <ann@example.net> เขียนว่า:',
    'เมื่อวันที่ 3 พ.ย. ๒๕๖๙ เวลา ๑๐:๑๒ Ann Example <ann@example.net> เขียนว่า:',
  ],
  ['id', 'Pada tanggal Sel, 3 Nov 2026 pukul 10.12 Ann Example <ann@example.net> menulis:'],
  [
    'he',
    '\u202bבתאריך יום ג׳, 3 בנוב׳ 2026 ב-10:12 מאת \u202aAnn Example\u202c\u200f <\u202aann@example.net\u202c\u200f>:\u202c',
  ],
  ['ar', 'في الثلاثاء، ٣ نوفمبر ٢٠٢٦ في ١٠:١٢ ص تمت كتابة ما يلي بواسطة Ann Example <ann@example.net>:'],
  ['fa', 'در تاریخ سه‌شنبه ۳ نوامبر ۲۰۲۶، ۱۰:۱۲ Ann Example <ann@example.net> نوشت:'],
]

describe('the line above a quotation', () => {
  test.each(ATTRIBUTIONS.flatMap(([language, ...lines]) => lines.map((line) => [language, line])))(
    '%s: what follows %j was quoted, with marks and without',
    (_, line) => {
      expect(replyTo(`Thank you.\n\n${line}\n\n> first\n> second\n`)).toBe('Thank you.')
      expect(replyTo(`Thank you.\n\n${line}\n\nfirst\nsecond\n`)).toBe('Thank you.')
    },
  )

  const broken = ATTRIBUTIONS.flatMap(([language, ...lines]) =>
    lines.flatMap((line) => {
      const words = [...line.matchAll(/ \S+/g)].filter(({ index, 0: word }) => index + word.length >= 62)
      return words.map(({ index }) => [language, `${line.slice(0, index)}\n${line.slice(index + 1)}`])
    }),
  )
  test.each(broken)('%s: %j counts where a program broke it', (_, lines) => {
    expect(replyTo(`Thank you.\n\n${lines}\n> first\n`)).toBe('Thank you.')
    expect(replyTo(`Thank you.\n${lines}\n\nfirst\n`)).toBe('Thank you.')
  })
})

/** Separator, From, Sent, To, Subject. */
const BLOCKS: readonly (readonly [
  language: string,
  separator: string,
  from: string,
  sent: string,
  to: string,
  subject: string,
])[] = [
  ['en', 'Original Message', 'From', 'Sent', 'To', 'Subject'],
  ['de', 'Ursprüngliche Nachricht', 'Von', 'Gesendet', 'An', 'Betreff'],
  ['fr', "Message d'origine", 'De ', 'Envoyé ', 'À ', 'Objet '],
  ['fr', 'Message d’origine', 'De', 'Date', 'À', 'Objet'],
  ['es', 'Mensaje original', 'De', 'Enviado el', 'Para', 'Asunto'],
  ['pt', 'Mensagem original', 'De', 'Enviada em', 'Para', 'Assunto'],
  ['it', 'Messaggio originale', 'Da', 'Inviato', 'A', 'Oggetto'],
  ['nl', 'Oorspronkelijk bericht', 'Van', 'Verzonden', 'Aan', 'Onderwerp'],
  ['pl', 'Oryginalna wiadomość', 'Od', 'Wysłano', 'Do', 'Temat'],
  ['sv', 'Ursprungligt meddelande', 'Från', 'Skickat', 'Till', 'Ämne'],
  ['da', 'Oprindelig meddelelse', 'Fra', 'Sendt', 'Til', 'Emne'],
  ['nb', 'Opprinnelig melding', 'Fra', 'Sendt', 'Til', 'Emne'],
  ['fi', 'Alkuperäinen viesti', 'Lähettäjä', 'Lähetetty', 'Vastaanottaja', 'Aihe'],
  ['cs', 'Původní zpráva', 'Od', 'Odesláno', 'Komu', 'Předmět'],
  ['sk', 'Pôvodná správa', 'Od', 'Odoslané', 'Komu', 'Predmet'],
  ['hu', 'Eredeti üzenet', 'Feladó', 'Elküldve', 'Címzett', 'Tárgy'],
  ['ro', 'Mesaj original', 'De la', 'Trimis', 'Către', 'Subiect'],
  ['el', 'Αρχικό μήνυμα', 'Από', 'Στάλθηκε', 'Προς', 'Θέμα'],
  ['ru', 'Исходное сообщение', 'От', 'Отправлено', 'Кому', 'Тема'],
  ['uk', 'Вихідне повідомлення', 'Від', 'Надіслано', 'Кому', 'Тема'],
  ['bg', 'Оригинално съобщение', 'От', 'Изпратено', 'До', 'Относно'],
  ['hr', 'Izvorna poruka', 'Šalje', 'Poslano', 'Prima', 'Predmet'],
  ['sl', 'Izvorno sporočilo', 'Od', 'Poslano', 'Za', 'Zadeva'],
  ['tr', 'Özgün İleti', 'Kimden', 'Gönderildi', 'Kime', 'Konu'],
  ['ja', '元のメッセージ', '差出人', '送信日時', '宛先', '件名'],
  ['zh', '原始邮件', '发件人', '发送时间', '收件人', '主题'],
  ['zh-TW', '原始郵件', '寄件者', '寄件日期', '收件者', '主旨'],
  ['ko', '원본 메시지', '보낸 사람', '보낸 날짜', '받는 사람', '제목'],
  ['vi', 'Thư gốc', 'Từ', 'Đã gửi', 'Đến', 'Chủ đề'],
  ['th', 'ข้อความต้นฉบับ', 'จาก', 'ส่ง', 'ถึง', 'เรื่อง'],
  ['id', 'Pesan Asli', 'Dari', 'Dikirim', 'Kepada', 'Subjek'],
  ['he', 'הודעה מקורית', 'מאת', 'נשלח', 'אל', 'נושא'],
  ['ar', 'الرسالة الأصلية', 'من', 'تم الإرسال', 'إلى', 'الموضوع'],
]

describe('the fields above a quotation', () => {
  test.each(BLOCKS)('%s: with a separator, a line and none', (_, separator, from, sent, to, subject) => {
    const fields = `${from}: Ann Example\n${sent}: 2026-11-03 10:12\n${to}: Bob\n${subject}: question\n\nfirst\n`
    for (const above of [
      '',
      '________________________________\n',
      `-----${separator}-----\n`,
      `-------- ${separator} --------\n`,
    ]) {
      expect(replyTo(`Thank you.\n\n${above}${fields}`)).toBe('Thank you.')
    }
    expect(replyTo(`Thank you.\n\n-----${separator}-----\n\nfirst\n`)).toBe('Thank you.')
    expect(replyTo(`Thank you.\n\n${fields.replaceAll(/^([^:\n]+):/gm, '*$1:*')}`)).toBe('Thank you.')
    expect(replyTo(`Thank you.\n\n${fields.replaceAll(':', '：')}`)).toBe('Thank you.')
  })
})

const MOBILE: readonly [language: string, ...string[]][] = [
  [
    'en',
    'Sent from my iPhone',
    'Sent from my Samsung Galaxy smartphone.',
    'Get Outlook for iOS<https://aka.ms/o0ukef>',
    'Sent from Mail<https://go.microsoft.com/fwlink/?LinkId=550986> for Windows',
    'Sent with Proton Mail secure email.',
    'Sent from Yahoo Mail on Android',
    'Sent via BlackBerry from T-Mobile',
    'Get Outlook for Android',
    '[Sent from Front](https://front.com)',
  ],
  [
    'de',
    'Von meinem iPhone gesendet',
    'Gesendet von meinem Fairphone',
    'Von meinem Samsung Galaxy Smartphone gesendet.',
    'Gesendet von Outlook für iOS',
    'Gesendet mit der GMX Mail App',
    'Holen Sie sich Outlook für iOS',
    'Diese Nachricht wurde von meinem Android-Mobiltelefon mit K-9 Mail gesendet.',
    'Gesendet von Mail<https://go.microsoft.com/fwlink/?LinkId=550986> für Windows 10',
  ],
  [
    'fr',
    'Envoyé de mon iPhone',
    'Envoyé depuis mon appareil Samsung',
    'Envoyé à partir de Outlook pour iOS',
    'Obtenez Outlook pour iOS',
    'Envoyé de mon téléphone Orange',
  ],
  [
    'es',
    'Enviado desde mi iPhone',
    'Enviado desde Yahoo Mail para Android',
    'Obtener Outlook para iOS',
    'Enviado desde Correo para Windows',
  ],
  ['pt', 'Enviado do meu iPhone', 'Enviado do Yahoo Mail no Android', 'Obter o Outlook para iOS'],
  ['it', 'Inviato da iPhone', 'Inviato dal mio iPhone', 'Scarica Outlook per iOS', 'Inviato da Posta per Windows'],
  [
    'nl',
    'Verstuurd vanaf mijn iPhone',
    'Verzonden vanaf mijn Galaxy',
    'Verzonden met Outlook voor iOS',
    'Outlook voor Android downloaden',
  ],
  [
    'pl',
    'Wysłane z iPhone’a',
    'Wysłano z iPhone',
    'Wysłane z mojego urządzenia Galaxy',
    'Pobierz program Outlook dla systemu iOS',
  ],
  ['sv', 'Skickat från min iPhone', 'Hämta Outlook för iOS'],
  ['da', 'Sendt fra min iPhone', 'Hent Outlook til iOS'],
  ['nb', 'Sendt fra min iPhone', 'Få Outlook for iOS'],
  ['fi', 'Lähetetty iPhonesta', 'Hanki Outlook iOSille'],
  ['cs', 'Odesláno z iPhonu', 'Odesláno z mého Samsungu', 'Získat Outlook pro iOS'],
  ['sk', 'Odoslané z iPhonu', 'Získať Outlook pre iOS'],
  ['hu', 'Az iPhone-omról küldve', 'Az iPhone készülékemről küldve'],
  ['ro', 'Trimis de pe iPhone-ul meu', 'Obțineți Outlook pentru iOS'],
  ['el', 'Στάλθηκε από το iPhone μου', 'Αποκτήστε το Outlook για iOS'],
  ['ru', 'Отправлено с iPhone', 'Отправлено из мобильной Почты Mail.ru', 'Отправлено с моего Huawei'],
  ['uk', 'Надіслано з iPhone', 'Надіслано з мого телефону'],
  ['bg', 'Изпратено от моя iPhone', 'Изпратено от iPhone'],
  ['hr', 'Poslano s mog iPhone uređaja', 'Poslano s iPhonea'],
  ['tr', "iPhone'umdan gönderildi", 'Samsung Galaxy akıllı telefonumdan gönderildi.'],
  ['ja', 'iPhoneから送信', 'Outlook for iOS を入手', 'Galaxyから送信'],
  ['zh', '发自我的iPhone', '發自我的 iPhone', '從我的 iPhone 傳送', '获取适用于 iOS 的 Outlook', '发自我的华为手机'],
  ['ko', '나의 iPhone에서 보냄', 'iPhone에서 보냄', '내 iPhone에서 보냄'],
  ['vi', 'Đã gửi từ iPhone của tôi', 'Tải Outlook cho iOS'],
  ['th', 'ส่งจาก iPhone ของฉัน'],
  ['id', 'Dikirim dari iPhone saya', 'Dapatkan Outlook untuk iOS'],
  ['he', 'נשלח מה-iPhone שלי', 'נשלח מהאייפון שלי'],
  ['ar', 'أُرسلت من الـ iPhone', 'تم الإرسال من الـ iPhone الخاص بي', 'احصل على Outlook لـ iOS'],
]

describe('the line that a program writes below a mail', () => {
  test.each(MOBILE.flatMap(([language, ...lines]) => lines.map((line) => [language, line])))(
    '%s: %j goes',
    (_, line) => {
      expect(replyTo(`Thank you.\n\n${line}\n`)).toBe('Thank you.')
      expect(replyTo(`Thank you.\n\n${line}\n\nOn 3/11/2026 10:12, Ann Example wrote:\n> first\n`)).toBe('Thank you.')
    },
  )

  test.each([
    'Sent from my desk, which is easier.',
    'Sent by DHL yesterday',
    'Gesendet von der Post in Berlin',
    'Envoyé par la poste hier',
    'Inviato da Roma ieri',
    'The parcel was sent from my iPhone case supplier to the old address',
    'Von meinem Konto wurde doppelt abgebucht',
    'Sent from my side is everything that you asked for so far',
  ])('%j stays: somebody wrote it', (line) => {
    expect(replyTo(`Hello\n\n${line}\n`)).toBe(`Hello\n\n${line}`)
  })
})
