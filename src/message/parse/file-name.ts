/** 255 octets is what file systems take. */
const MAX_OCTETS = 255

/**
 * A file name that does no harm wherever it is saved: without folders, control characters and marks that turn the
 * direction of writing, none that Windows keeps for devices, not hidden, not longer than file systems take. Its
 * extension stays. Empty where nothing is left.
 */
export function safeFileName(name: string): string {
  const plain = withoutFolders(name.normalize('NFC').replace(UNSEEN, ''))
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^[.\s]+|[.\s]+$/g, '')
  return cut(RESERVED.test(plain) ? `_${plain}` : plain)
}

/** Controls, zero-width characters but the joiners that scripts need, and the directional marks of UAX #9. */
const UNSEEN = /(?![\t\n\r])[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]|\p{Cs}/gu

/** With or without an extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i

/** The whole path of the sender's machine says nothing; of any other the words stay. */
function withoutFolders(name: string): string {
  const local = /^(?:[a-z]:|\\)\\/i.test(name) ? name.slice(name.lastIndexOf('\\') + 1) : name
  return local
    .replaceAll('://', '')
    .replace(/\.\.(?=[/\\])/g, '')
    .replace(/[/\\]/g, '')
}

function cut(name: string): string {
  if (Buffer.byteLength(name) <= MAX_OCTETS) return name
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 && Buffer.byteLength(name.slice(dot)) <= 32 ? name.slice(dot) : ''
  const stem = Buffer.from(name.slice(0, name.length - extension.length))
  const kept = stem.subarray(0, MAX_OCTETS - Buffer.byteLength(extension)).toString('utf8')
  return `${kept.replace(/\ufffd+$/, '')}${extension}`
}
