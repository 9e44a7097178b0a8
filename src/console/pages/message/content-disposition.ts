import { safeFileName } from '../../../message/parse/file-name.ts'

const FALLBACK_CHARS = 100

/** RFC 6266, with a name of a stranger: safe as a header field, and safe wherever it is saved. */
export function contentDisposition(type: 'inline' | 'attachment', filename: string | null): string {
  const name = safeFileName((filename ?? '').toWellFormed()) || 'attachment'
  const plain = name.replace(/[^\x20-\x7e]|["\\%;]/g, '_').slice(-FALLBACK_CHARS)
  // RFC 8187 section 3.2.1: encodeURIComponent leaves four characters that are no attr-char.
  const extended = encodeURIComponent(name).replace(
    /['()*]/g,
    (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${type}; filename="${plain}"; filename*=UTF-8''${extended}`
}
