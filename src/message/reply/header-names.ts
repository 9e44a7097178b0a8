/** What the lines above a quoted mail tell. */
export type HeaderRole = 'from' | 'sent' | 'to' | 'subject' | 'other'

const ROLES: readonly HeaderRole[] = ['from', 'sent', 'to', 'subject', 'other']

/** How mail programs name From, Sent (or Date), To, Subject and Cc, in this order; `|` between several names. */
const NAMES_BY_LANGUAGE: Readonly<Record<string, string>> = {
  en: 'from; sent|date|sent on|sent at; to; subject; cc|bcc|reply-to|reply to|importance|attachments|sender|organization',
  de: 'von; gesendet|datum|gesendet am; an; betreff; kopie|antwort an|antwort-an|wichtigkeit|anlagen',
  fr: "de|expéditeur|message du|message de; envoyé|envoyé le|envoyé à|envoyée|date|date d'envoi|le; à|a|destinataire|pour; objet|sujet; copie à|copie|répondre à",
  es: 'de|remitente; enviado|enviado el|enviada el|fecha|enviado en; para|destinatario; asunto; copia|responder a',
  pt: 'de; enviado|enviada|enviada em|enviado em|enviado a|data; para; assunto; com cópia|responder a',
  it: 'da|mittente; inviato|inviata|inviato il|data; a|per; oggetto; copia|rispondi a|risposta',
  nl: 'van; verzonden|verstuurd|datum; aan; onderwerp; kopie|beantwoorden - aan|antwoord aan',
  pl: 'od|nadawca; wysłano|wysłane|wysłany|data; do|adresat; temat; dw|udw|kopia',
  sv: 'från; skickat|skickades|datum; till; ämne; kopia|svar till',
  da: 'fra; sendt|dato; til; emne; svar til',
  nb: 'fra; sendt|dato; til; emne; kopi',
  fi: 'lähettäjä; lähetetty|päivämäärä|päiväys|pvm; vastaanottaja|kenelle; aihe; kopio',
  is: 'frá; sent|dagsetning; til; efni; afrit',
  cs: 'od; odesláno|datum|odeslané; komu|pro; předmět; kopie',
  sk: 'od; odoslané|odoslaná|dátum; komu|pre; predmet; kópia',
  hu: 'feladó|küldő; elküldve|küldve|dátum; címzett; tárgy; másolatot kap|másolat',
  ro: 'de la|expeditor|de; trimis|data|dată; către|catre|la; subiect; copie',
  el: 'από; εστάλη|στάλθηκε|ημερομηνία|αποστολή|ημ/νία; προς; θέμα; κοινοποίηση|κοιν.',
  ru: 'от|от кого|отправитель; отправлено|отправлен|дата; кому|для|получатель; тема; копия',
  uk: 'від|від кого; надіслано|відправлено|дата; кому|до; тема; копія',
  bg: 'от; изпратено|изпратен|дата; до|на; относно|тема; копие',
  sr: 'од|od|шаље|šalje; послато|poslato|датум; за|прима|prima; наслов|naslov; копија',
  hr: 'šalje|pošiljatelj; poslano; prima|za; predmet; kopija',
  sl: 'od; poslano|datum; za; zadeva; kp',
  lt: 'nuo|siuntėjas; išsiųsta|išsiųstas; kam|iki|gavėjas; tema; kopija',
  lv: 'no|sūtītājs; nosūtīts|datums; kam|adresāts; tēma|temats; kopija',
  et: 'saatja|kellelt; saadetud|kuupäev; saaja|adressaat|kellele; teema; koopia',
  ca: 'de; enviat|enviat el; per a|a; assumpte|tema; a/c|còpia',
  tr: 'kimden|gönderen; gönderildi|gönderilen|gönderme tarihi|tarih; kime|alıcı; konu; bilgi',
  ja: '差出人|送信者|送信元; 送信日時|送信日|日時|日付; 宛先|送信先|受信者; 件名; 返信先',
  zh: '发件人|寄件人|寄件者|發件人|发信人; 发送时间|发送日期|發送時間|寄件日期|傳送時間|傳送日期|日期|时间|時間|已发送; 收件人|收件者; 主题|主旨|主題|标题; 抄送|副本|密送',
  ko: '보낸 사람|보낸사람|발신|발신자|보낸이; 보낸 날짜|보낸날짜|날짜|보냄|발송일|일시; 받는 사람|받는사람|수신|수신자|받는이; 제목; 참조',
  vi: 'từ|người gửi; đã gửi|ngày gửi|gửi|ngày|đã gửi vào; đến|tới|người nhận|gửi đến; chủ đề|tiêu đề; đồng gửi',
  th: 'จาก; ส่ง|ส่งเมื่อ|วันที่; ถึง; เรื่อง|หัวเรื่อง|หัวข้อ; สำเนา|สำเนาถึง',
  id: 'dari; dikirim|terkirim|tanggal; kepada|ke|untuk; subjek|perihal|subyek; tembusan',
  ms: 'daripada; dihantar|tarikh; kepada; subjek; salinan',
  he: 'מאת; נשלח|תאריך|נשלח ב; אל; נושא; עותק|העתק',
  ar: 'من; تم الإرسال|تاريخ الإرسال|أرسلت|أُرسلت|التاريخ|تاريخ|مرسل; إلى|الى; الموضوع|موضوع; نسخة',
  fa: 'از; ارسال شده|فرستاده شده|ارسال|تاریخ; به|گیرنده; موضوع; رونوشت',
  hi: 'प्रेषक|से|द्वारा; भेजा गया|भेजा|दिनांक; प्रति|को; विषय; प्रतिलिपि',
}

/** In lower case; a name that means different things in different languages may play any of its roles. */
export const HEADER_ROLES: ReadonlyMap<string, ReadonlySet<HeaderRole>> = rolesByName()

function rolesByName(): Map<string, Set<HeaderRole>> {
  const roles = new Map<string, Set<HeaderRole>>()
  for (const names of Object.values(NAMES_BY_LANGUAGE)) {
    names.split(';').forEach((list, place) => {
      for (const name of list.split('|')) add(roles, name.trim(), ROLES[place] ?? 'other')
    })
  }
  return roles
}

function add(roles: Map<string, Set<HeaderRole>>, name: string, role: HeaderRole): void {
  const known = roles.get(name) ?? new Set<HeaderRole>()
  roles.set(name, known.add(role))
}
