/** The words of the line above a quotation: what it opens with (before the date), and its verb. Lower case, `|` between. */
const WORDS_BY_LANGUAGE: Readonly<Record<string, readonly [opens: string, wrote: string]>> = {
  en: ['on|at|in message', 'wrote|writes|has written|quoting'],
  de: ['am|an|zitat von', 'schrieb|schrieben|hat geschrieben|geschrieben|schreibt|zitat von'],
  fr: ['le|en date du|quoting', 'a écrit|a ecrit|écrivait|écrit|nous a dit|a envoyé'],
  es: ['el|el día|en', 'escribió|escribio|ha escrito|escribía'],
  pt: ['em|no dia|a', 'escreveu|escreve'],
  it: ['il|in data|il giorno|nel messaggio', 'ha scritto|scrisse|scrive'],
  nl: ['op|per', 'schreef|heeft geschreven|geschreven|schrijft'],
  pl: ['dnia|w dniu|dn.', 'wiadomość napisana przez|napisał|napisała|napisał(a)|napisał/a|pisze|napisali'],
  sv: ['den|på', 'skrev|skriver|har skrivit'],
  da: ['den|på', 'skrev|skriver'],
  nb: ['den|på', 'skrev|skriver'],
  fi: ['', 'kirjoitti|kirjoittaa'],
  is: ['þann|á', 'skrifaði'],
  cs: ['dne|v', 'napsal|napsala|napsal(a)|napsal/a|píše'],
  sk: ['dňa|v', 'napísal|napísala|napísal(a)|napísal/a|píše'],
  hu: ['', 'írta|ezt írta|írt'],
  ro: ['în|in|pe|la', 'a scris|a scris următoarele'],
  el: ['στις|την|ο/η', 'έγραψε|έγραψαν|έγραφε'],
  ru: ['в|от', 'написал|написала|написал(а)|написали|пишет|писал'],
  uk: ['у|в|о', 'написав|написала|написав(ла)|пише|писав'],
  bg: ['на', 'написа|пише|написал'],
  sr: ['дана|dana', 'написао|написала|написао/ла|napisao|napisala'],
  hr: ['dana|u', 'napisao|napisala|napisao/la|piše'],
  sl: ['v|dne', 'napisal|napisala|napisal/-a'],
  lt: ['', 'rašė|parašė'],
  lv: ['', 'rakstīja|raksta'],
  et: ['', 'kirjutas'],
  ca: ['el|el dia', 'va escriure|ha escrit|missatge de'],
  tr: ['', 'yazdı|şunu yazdı|şunları yazdı|yazmış'],
  vi: ['vào|vào lúc|ngày', 'đã viết|viết'],
  id: ['pada|pada tanggal|tanggal', 'menulis'],
  ms: ['pada', 'menulis|telah menulis'],
  he: ['בתאריך|ב', 'כתב|כתבה|כתב/ה|מאת'],
  ar: ['في|بتاريخ', 'كتب|كتبت|تمت كتابة ما يلي بواسطة|كتَب'],
  fa: ['در|در تاریخ', 'نوشت|نوشته است'],
  hi: ['', 'ने लिखा|ने लिखा है'],
}

/** Written without spaces around them. */
const UNSPACED_OPENS = '在|于|於|เมื่อ|เมื่อวันที่'
const UNSPACED_WROTE =
  '写道|寫道|撰写|写到|のメール|は書きました|さんは書きました|が書きました|のメッセージ|님이 작성|작성|이 쓴 글|님이 씀|쓰셨습니다|เขียนว่า|เขียน'

/** No mail program writes of itself or to somebody. Only words that are nobody's name. */
const FIRST_PERSONS =
  "i|we|ich|wir|j'ai|nous|nosotros|nós|ik|wij|jeg|minä|já|я|мы|ми|" +
  'your|our|ihr|ihre|unser|unsere|mein|meine|votre|notre|vuestro|nuestro|vostro|nostro'

const words = (place: 0 | 1): string => alternatives(Object.values(WORDS_BY_LANGUAGE).map((pair) => pair[place]))

/** Longest first, so that the alternatives need no going back. */
function alternatives(lists: readonly string[]): string {
  const all = new Set(lists.join('|').split('|').filter(Boolean))
  const sorted = [...all].sort((a, b) => b.length - a.length)
  return sorted.map((word) => word.replace(/[.()/]/g, '\\$&')).join('|')
}

/** The opening word, and a number within the next four words. */
export const OPENING = new RegExp(
  `^(?:(?:${words(0)})(?![\\p{L}\\p{M}])|${UNSPACED_OPENS})[\\s.,:-]{0,3}(?:[\\p{L}\\p{M}׳'".()]{1,20}[\\s.,-]{1,3}){0,4}\\d`,
  'u',
)

export const WROTE = new RegExp(`(?<![\\p{L}\\p{M}-])(?:${words(1)})(?![\\p{L}\\p{M}])|${UNSPACED_WROTE}`, 'u')

export const FIRST_PERSON = new RegExp(
  `(?<![\\p{L}\\p{M}@.'-])(?:${alternatives([FIRST_PERSONS])})(?![\\p{L}\\p{M}@.-])`,
  'u',
)
