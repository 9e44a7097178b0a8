/**
 * The address of a link as a browser understands it, or null where it leads nowhere that a reader should go: only web
 * pages, mail addresses and telephone numbers. User name and password are left out, for they serve to show one host
 * and to lead to another.
 */
export function safeLink(href: string): string | null {
  const written = href.trim()
  if (written.length > MAX_LINK_CHARS) return null
  const url = URL.parse(absolute(written))
  if (url === null || !SCHEMES.has(url.protocol)) return null
  url.username = ''
  url.password = ''
  return url.href
}

const SCHEMES = new Set(['http:', 'https:', 'mailto:', 'tel:'])
const MAX_LINK_CHARS = 8192

/** A mail has no address that others could be relative to; these two forms are meant as absolute. */
function absolute(written: string): string {
  if (/^www\./i.test(written)) return `http://${written}`
  return written.startsWith('//') ? `https:${written}` : written
}
