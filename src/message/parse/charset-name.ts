import iconv from 'iconv-lite'

/** How a charset is decoded: by one of ours, by the platform's decoder of that label, or by iconv-lite. */
export interface Charset {
  readonly by: 'utf-8' | 'ascii' | 'windows-1252' | 'utf-7' | 'platform' | 'iconv'
  readonly label: string
}

/**
 * The charset that a name means, as the WHATWG Encoding Standard has it where it has it (iso-8859-1 is windows-1252),
 * with the names that mail programs really write. Null: nobody knows it.
 */
export function charsetOf(name: string): Charset | null {
  const key = name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(0, NAME_MAX_CHARACTERS)
  const known = cache.get(key)
  if (known !== undefined) return known
  const found = resolved(key, name)
  // Names come from senders: the cache must not grow with them.
  if (cache.size < CACHE_ENTRIES) cache.set(key, found)
  return found
}

const NAME_MAX_CHARACTERS = 40
const CACHE_ENTRIES = 500
const cache = new Map<string, Charset | null>()

const UTF_8: Charset = { by: 'utf-8', label: 'utf-8' }
const ASCII: Charset = { by: 'ascii', label: 'us-ascii' }
const UTF_7: Charset = { by: 'utf-7', label: 'utf-7' }
export const WINDOWS_1252: Charset = { by: 'windows-1252', label: 'windows-1252' }
const platform = (label: string): Charset => ({ by: 'platform', label })
const byIconv = (label: string): Charset => ({ by: 'iconv', label })

/** Letters and digits of the name only. What is not here is asked for under the name as it stands. */
const NAMES = new Map<string, Charset>([
  ...['utf8', 'unicode11utf8', 'xutf8', 'utf8mb4', 'utf', 'unicode', 'utf8n'].map((key) => [key, UTF_8] as const),
  ...['usascii', 'ascii', 'ansix341968', 'iso646us', '7bit', 'cp367', 'us'].map((key) => [key, ASCII] as const),
  ...['utf7', 'unicode11utf7', 'csunicode11utf7', 'utf7imap', 'xutf7', 'unicode20utf7'].map(
    (key) => [key, UTF_7] as const,
  ),
  ...['iso88591', 'latin1', 'l1', 'windows1252', 'cp1252', 'cp819', 'ansi', 'ibm819', 'xansi', 'westernwindows'].map(
    (key) => [key, WINDOWS_1252] as const,
  ),
  ...['ksc56011987', 'ksc5601', 'ksc56011989', 'cp949', 'uhc', 'xwindows949', 'ms949', 'euckr'].map(
    (key) => [key, platform('euc-kr')] as const,
  ),
  ...['gb2312', 'gbk', 'cp936', 'gb18030', 'xgbk', 'gb231280', 'hzgb', 'euccn', 'ms936'].map(
    (key) => [key, platform('gb18030')] as const,
  ),
  ...['big5', 'xxbig5', 'cnbig5', 'big5hkscs', 'cp950', 'xbig5'].map((key) => [key, platform('big5')] as const),
  ...['sjis', 'xsjis', 'shiftjis', 'mskanji', 'cp932', 'windows31j', 'cswindows31j', 'shiftjisx0213'].map(
    (key) => [key, platform('shift_jis')] as const,
  ),
  ...['iso2022jp', 'iso2022jpms', 'csiso2022jp', 'cp50220', 'cp50221', 'iso2022jp1', 'iso2022jp2', 'jis'].map(
    (key) => [key, platform('iso-2022-jp')] as const,
  ),
  ...['eucjp', 'xeucjp', 'ujis', 'eucjpms', 'cp51932'].map((key) => [key, platform('euc-jp')] as const),
  ...['iso88598i', 'iso88598e', 'iso88598', 'hebrew', 'visual', 'logical'].map(
    (key) => [key, platform('iso-8859-8')] as const,
  ),
  ...['koi8r', 'koi8', 'koi', 'cskoi8r'].map((key) => [key, platform('koi8-r')] as const),
  ...['koi8u', 'koi8ru'].map((key) => [key, platform('koi8-u')] as const),
  ['utf16', platform('utf-16')],
  ['ucs2', platform('utf-16')],
  ['iso10646ucs2', platform('utf-16')],
  ['macintosh', platform('macintosh')],
  ['xmacroman', platform('macintosh')],
])

/** Transfer encodings, which iconv-lite counts among its charsets. */
const NO_CHARSETS = new Set(['base64', 'hex', 'binary', 'unknown', 'unknown8bit', 'xunknown', 'default', 'none', ''])

function resolved(key: string, name: string): Charset | null {
  const named = NAMES.get(key)
  if (named !== undefined) return named
  if (NO_CHARSETS.has(key)) return null
  const codepage = /^(?:x?windows|cp|win|xcp|ibm|dos|xmac|x)?(125[0-8]|874|8[5-6]\d|437|720|737|775)$/.exec(key)?.[1]
  if (codepage !== undefined) return byIconv(`cp${codepage}`)
  const iso = /^(?:x?iso|iso_)?8859(\d{1,2})(?:19\d\d)?$/.exec(key)?.[1]
  if (iso !== undefined) return iconv.encodingExists(`iso-8859-${iso}`) ? byIconv(`iso-8859-${iso}`) : null
  return hasPlatform(name.trim()) ? platform(name.trim()) : iconv.encodingExists(key) ? byIconv(key) : null
}

function hasPlatform(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== 'replacement'
  } catch {
    return false
  }
}
