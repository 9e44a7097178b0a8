import { MailchuteError } from '../../errors.ts'

/**
 * Text in the charsets of older mail programs. Node decodes them but cannot encode, so its decoder is turned round:
 * all codes of one and of two octets are decoded once, and each character keeps the first code that gave it.
 */
export type Charset =
  | 'utf-8'
  | 'us-ascii'
  | 'iso-8859-1'
  | 'iso-8859-2'
  | 'iso-8859-7'
  | 'iso-8859-15'
  | 'windows-1251'
  | 'windows-1252'
  | 'windows-1254'
  | 'windows-1255'
  | 'koi8-r'
  | 'iso-2022-jp'
  | 'shift_jis'
  | 'gb2312'
  | 'big5'
  | 'euc-kr'

const LATIN1_LIMIT = 0x100
const ESCAPE_JIS = Buffer.from('\x1b$B')
const ESCAPE_ASCII = Buffer.from('\x1b(B')

const tables = new Map<string, ReadonlyMap<string, Buffer>>()

export function encodeText(text: string, charset: Charset): Buffer {
  if (charset === 'utf-8') return Buffer.from(text, 'utf8')
  if (charset === 'iso-2022-jp') return encodeIso2022Jp(text)
  return Buffer.concat([...text].map((character) => codeOf(character, charset)))
}

/** RFC 1468: JIS X 0208 is EUC-JP without the high bits, between escapes; each line begins and ends in ASCII. */
function encodeIso2022Jp(text: string): Buffer {
  const runs = text.match(/\p{ASCII}+|\P{ASCII}+/gu) ?? []
  return Buffer.concat(
    runs.flatMap((run) => {
      if (/^\p{ASCII}/u.test(run)) return [Buffer.from(run)]
      const codes = [...run].map((character) => codeOf(character, 'euc-jp'))
      return [ESCAPE_JIS, Buffer.concat(codes).map((octet) => octet & 0x7f), ESCAPE_ASCII]
    }),
  )
}

function codeOf(character: string, charset: string): Buffer {
  const point = character.codePointAt(0) ?? 0
  if (point < 0x80) return Buffer.of(point)
  // The decoder's iso-8859-1 is windows-1252, which has other characters from 0x80 to 0x9F.
  if (charset === 'iso-8859-1' && point >= 0xa0 && point < LATIN1_LIMIT) return Buffer.of(point)
  const code = charset === 'iso-8859-1' ? undefined : tableOf(charset).get(character)
  if (!code) throw new MailchuteError('internal/bug', `a sample mail has a character that ${charset} lacks`)
  return code
}

function tableOf(charset: string): ReadonlyMap<string, Buffer> {
  const known = tables.get(charset)
  if (known) return known
  const table = new Map<string, Buffer>()
  const decoder = new TextDecoder(charset)
  const add = (code: Buffer) => {
    const text = decoder.decode(code)
    if ([...text].length === 1 && text !== '\ufffd' && !table.has(text)) table.set(text, code)
  }
  for (let octet = 0x80; octet <= 0xff; octet += 1) add(Buffer.of(octet))
  if (!/^(iso-8859|windows|koi8)/.test(charset)) addPairs(add)
  tables.set(charset, table)
  return table
}

function addPairs(add: (code: Buffer) => void): void {
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) add(Buffer.of(lead, trail))
  }
}
