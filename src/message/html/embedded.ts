import type { ParsedAttachment } from '../parsed-message.ts'
import { RASTER_IMAGE } from './elements.ts'
import { type Sanitised, sanitised } from './sanitise.ts'

/** What is asked of an attachment; `contentLocation` is that of RFC 2557, where it is known. */
export type EmbeddablePart = Pick<ParsedAttachment, 'filename' | 'contentType' | 'contentId'> & {
  readonly contentLocation?: string | null
}

export interface ShownHtml extends Sanitised {
  /** Positions of the attachments that are shown as images inside the HTML, and need not be listed beside it. */
  readonly embedded: ReadonlySet<number>
}

/** Sanitised HTML whose images are those of the mail, each at the URL that `urlOf` gives for an attachment's position. */
export function htmlWithImages(
  html: string,
  attachments: readonly EmbeddablePart[],
  urlOf: (position: number) => string = (position) => `cid:${attachments[position]?.contentId ?? position}`,
): ShownHtml {
  const positionOf = imageReferences(attachments)
  const embedded = new Set<number>()
  const shown = sanitised(html, (src) => {
    const position = positionOf(src)
    if (position === null) return null
    embedded.add(position)
    return urlOf(position)
  })
  return { ...shown, embedded }
}

/** Positions of the attachments that are shown inside the HTML. */
export const embeddedIn = (html: string, attachments: readonly EmbeddablePart[]): ReadonlySet<number> =>
  attachments.some(({ contentType }) => RASTER_IMAGE.test(contentType))
    ? htmlWithImages(html, attachments).embedded
    : new Set()

/**
 * Tells which attachment the source of an image means: by its Content-ID (RFC 2392), its Content-Location (RFC 2557), or
 * its file name, as programs that forget the others write. The first one counts where several bear a name. The
 * disposition does not matter, the type does: only raster images are shown.
 */
export function imageReferences(attachments: readonly EmbeddablePart[]): (src: string) => number | null {
  const [ids, locations, names] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()]
  for (const [position, { contentType, contentId, contentLocation, filename }] of attachments.entries()) {
    if (!RASTER_IMAGE.test(contentType)) continue
    keep(ids, bareId(contentId ?? ''), position)
    keep(locations, (contentLocation ?? '').trim(), position)
    keep(names, (filename ?? '').toLowerCase(), position)
  }
  const named = (name: string) => names.get(name.toLowerCase()) ?? null
  return (src) => {
    const reference = src.trim().slice(0, MAX_REFERENCE_CHARS)
    if (/^cid:/i.test(reference)) return byContentId(decoded(reference.slice('cid:'.length)), ids, named)
    const byLocation = locations.get(reference) ?? locations.get(decoded(reference))
    if (byLocation !== undefined) return byLocation
    return RELATIVE.test(reference) ? named(lastSegment(decoded(reference))) : null
  }
}

const MAX_REFERENCE_CHARS = 1000

/** No scheme, no host, no path from the root: a name, perhaps below folders that its writer had. */
const RELATIVE = /^(?![/\\])[^:?#]+$/

function keep(found: Map<string, number>, key: string, position: number): void {
  for (const form of [key, key.toLowerCase()]) if (form !== '' && !found.has(form)) found.set(form, position)
}

/** As it is written, then in small letters, then by the name that Outlook puts before the `@`. */
function byContentId(id: string, ids: Map<string, number>, named: (name: string) => number | null): number | null {
  const bare = bareId(id)
  return ids.get(bare) ?? ids.get(bare.toLowerCase()) ?? named(bare.slice(0, at(bare)))
}

const at = (id: string): number => (id.includes('@') ? id.indexOf('@') : id.length)

/** Without angle brackets, and without the spaces that broken programs put in. */
const bareId = (id: string): string => id.replace(/[\s<>]/g, '')

const lastSegment = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)

/** Of percent-encoding (RFC 2392 section 2); what is none is taken as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
