/** [MS-OXRTFCP] section 2.1.2.1: what both sides have seen before the first octet. */
const SEEN_BEFORE = Buffer.from(
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript ' +
    '\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par ' +
    '\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx',
  'latin1',
)
const DICTIONARY_OCTETS = 4096
const HEADER_OCTETS = 16
const COMPRESSED = 0x75465a4c
const UNCOMPRESSED = 0x414c454d
const MAX_OCTETS = 8 * 1024 * 1024

/** RTF out of its container, one character an octet; as much as there is of it. null: it is none. */
export function decodedRtf(octets: Buffer): string | null {
  if (octets.length < HEADER_OCTETS) return null
  const rawOctets = Math.min(octets.readUInt32LE(4), MAX_OCTETS)
  const type = octets.readUInt32LE(8)
  const content = octets.subarray(HEADER_OCTETS)
  if (type === UNCOMPRESSED) return content.toString('latin1', 0, rawOctets)
  return type === COMPRESSED ? decompressed(content, rawOctets) : null
}

function decompressed(octets: Buffer, rawOctets: number): string {
  const dictionary = Buffer.alloc(DICTIONARY_OCTETS, ' ')
  SEEN_BEFORE.copy(dictionary)
  const out: Buffer = Buffer.allocUnsafe(rawOctets)
  let length = 0
  let write = SEEN_BEFORE.length
  const put = (octet: number): void => {
    if (length < rawOctets) out[length++] = octet
    dictionary[write] = octet
    write = (write + 1) % DICTIONARY_OCTETS
  }
  for (let at = 0; at < octets.length && length < rawOctets; ) {
    const control = octets[at++] ?? 0
    for (let bit = 0; bit < 8 && at < octets.length; bit++) {
      if ((control & (1 << bit)) === 0) put(octets[at++] ?? 0)
      else {
        const reference = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
        at += 2
        const offset = reference >> 4
        if (offset === write) return out.toString('latin1', 0, length)
        const count = (reference & 0xf) + 2
        for (let index = 0; index < count; index++) put(dictionary[(offset + index) % DICTIONARY_OCTETS] ?? 0)
      }
    }
  }
  return out.toString('latin1', 0, length)
}
