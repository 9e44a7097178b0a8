/** How lines begin that programs write below a mail of their own accord: `Sent from my` something. Lower case. */
const MINE = [
  'sent from my|from my iphone|from my ipad|get outlook for|gesendet von meinem|von meinem|envoyé de mon|envoyé depuis mon',
  'envoyé à partir de mon|obtenez outlook pour|obtenir outlook pour|télécharger outlook pour|enviado desde mi|obtener outlook para',
  'obtenga outlook para|descargar outlook para|enviado do meu|enviado a partir do meu|enviado de meu|obter o outlook para',
  'obtenha o outlook para|baixe o outlook para|enviat des del meu|inviato dal mio|inviato da mio|scarica outlook per|ottieni outlook per',
  'verzonden vanaf mijn|verstuurd vanaf mijn|download outlook voor|ontvang outlook voor|outlook voor|wysłane z mojego|wysłano z mojego',
  'pobierz outlook dla|pobierz program outlook dla|uzyskaj program outlook dla|skickat från min|skickades från min|hämta outlook för',
  'skaffa outlook för|sendt fra min|sendt fra mit|hent outlook til|få outlook til|hent outlook for|last ned outlook for|få outlook for',
  'hanki outlook|lähetetty minun|odesláno z mého|získat outlook pro|odoslané z môjho|získajte outlook pre|získať outlook pre',
  'trimis de pe|obțineți outlook pentru|descărcați outlook pentru|изпратено от моя|στάλθηκε από το|αποκτήστε το outlook για',
  'отправлено с моего|скачать outlook для|надіслано з мого|отримати outlook для|poslano s mog|išsiųsta iš mano|saadetud minu',
  'được gửi từ|đã gửi từ|gửi từ|tải outlook cho|ส่งจาก|dikirim dari|dapatkan outlook untuk|dihantar daripada|发自我的|發自我的|從我的|从我的',
  '来自我的|获取适用于|取得適用於|下载适用于|나의 iphone에서|내 iphone에서|נשלח מה-|קבל את outlook|השג את outlook|تم الإرسال من|أرسلت من|أُرسلت من|احصل على outlook',
  'ارسال شده از|मेरे iphone से|outlook for ios を入手|outlook for android を入手|holen sie sich outlook für|laden sie outlook für',
]

/** The same, where something that is known to write such lines must follow. */
const WITH = [
  'sent from|sent via|sent with|sent using|sent by|composed on|gesendet von|gesendet mit|gesendet über|gesendet aus|diese nachricht wurde von',
  'envoyé à partir de|envoyé depuis|envoyé de|envoyé avec|envoyé via|envoyé par|provenance|enviado desde|enviado con|enviado mediante',
  'enviado através do|enviado pelo|enviado via|enviado do|enviado a partir do|enviat des de|enviat amb|inviato da|inviato dal|inviato con',
  'inviato tramite|verzonden vanaf|verstuurd vanaf|verzonden met|verzonden via|verstuurd met|verstuurd via|wysłane z|wysłano z|wysłane przez',
  'wysłane za pomocą|skickat från|skickat med|sendt fra|sendt med|sendt via|lähetetty|sent úr|sent frá|odesláno z|odesláno ze|odesláno pomocí',
  'odoslané z|odoslané zo|trimis din|trimis de la|trimis prin|изпратено от|изпратено с|εστάλη από|απεσταλμένο από|отправлено с|отправлено из',
  'отправлено через|надіслано з|надіслано через|відправлено з|poslano s|poslano iz|poslano sa|poslano z|poslato sa|poslato iz|послато са',
  'išsiųsta iš|nosūtīts no|saadetud|terkirim dari|dihantar dari|发自|發自|来自|נשלח מ|مرسل من|فرستاده شده از|outlook für|outlook pour',
]

/** How such lines end where the verb comes last, after `…`. */
const LAST = [
  'von meinem … gesendet|meinem … gesendet|wurde von meinem … gesendet|von … gesendet|mit … gesendet|wurde von … gesendet',
  'az … készülékemről küldve|az … küldve|küldve az … készülékemről|… iphone-omról|… gönderildi|… edinin|… beszerzése|… letöltése',
  '… から送信|…から送信|…から送信されました|… 传送|… 傳送|… 发送|…에서 보냄|…에서 보냈습니다|…を入手|… से भेजा गया|… herunterladen',
]

const PROGRAMS =
  'iphone|ipad|ipod|apple|mac|ios|android|samsung|galaxy|huawei|honor|xiaomi|redmi|oppo|realme|oneplus|pixel|nokia|htc|motorola|sony|' +
  'xperia|blackberry|wiko|fairphone|windows|mobile|mobil|mobiltelefon|mobilgerät|smartphone|handy|telefon|phone|tablet|móvil|celular|' +
  'cellulare|telefono|teléfono|telefone|téléphone|portable|telefoon|telefonu|puhelimesta|телефона|смартфона|телефон|outlook|mail|email|' +
  'e-mail|mailapp|yahoo|gmail|aol|gmx|web.de|hotmail|proton|protonmail|spark|airmail|bluemail|typeapp|nine|k-9|thunderbird|edison|front|' +
  'hey|fastmail|tutanota|tuta|zoho|canary|newton|postbox|mailbird|superhuman|missive|spike|webmail|orange|laposte|sfr|libero|mymail|' +
  'mail.ru|яндекс|yandex|почты|rambler|ukr.net|freenet|t-online|telekom|bolt|shortwave|boxer|notes|verse|polymail|mimestream|myphone'

/** What virus scanners add. */
const SCANNERS =
  'virus-free|virenfrei|garanti sans virus|libre de virus|livre de vírus|virusvrij|privo di virus|without virus|wolny od wirusów'

const split = (lists: readonly string[]): readonly string[] => lists.join('|').split('|')

export const MINE_BEGINNINGS = split(MINE)
export const WITH_BEGINNINGS = split(WITH)
export const LAST_ENDINGS: ReadonlyArray<readonly [beginning: string, ending: string]> = split(LAST).map((phrase) => {
  const [beginning = '', ending = ''] = phrase.split('…')
  return [beginning.trim(), ending.trim()]
})
export const PROGRAM_NAMES: ReadonlySet<string> = new Set(PROGRAMS.split('|'))
export const SCANNER_NOTES = split([SCANNERS])
