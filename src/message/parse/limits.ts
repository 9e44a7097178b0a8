const MIB = 1024 * 1024

/**
 * How much of a message is taken over. What goes beyond is left out and named in the defects; the raw message is whole
 * in any case (I1).
 */
export interface ParseLimits {
  /** Octets of all text bodies together, decoded: more is dropped while streaming, so memory stays bounded. */
  readonly maxTextOctets: number
  /** UTF-16 units kept of the plain text, and of the HTML. Defects `text-truncated`, `html-truncated`. */
  readonly maxTextChars: number
  /** Octets of all parts that are opened (TNEF, S/MIME) together; one that is larger stays closed. */
  readonly maxOpenedOctets: number
  /** Octets kept of what stands outside of the parts of multiparts. */
  readonly maxStrayOctets: number
  /** Attachments described; later ones are left out. Defect `attachments-truncated`. */
  readonly maxAttachments: number
  /** Addresses kept of each field. Defect `addresses-truncated`. */
  readonly maxAddresses: number
  /** UTF-16 units kept of a subject, a display name, an address, a file name or a Content-ID. Defect `value-truncated`. */
  readonly maxValueChars: number
  /** Octets of the header of the message or of one of its parts. Defect `header-truncated`. */
  readonly maxHeaderOctets: number
  /** Header fields kept for rules; their length is bounded by rule-fields.ts. Defect `header-truncated`. */
  readonly maxHeaderFields: number
  /** Parts of reports kept, and octets of each: what they tell stands at their start. */
  readonly maxReportParts: number
  readonly maxReportOctets: number
  /** MIME parts, whatever their type. Defect `parts-truncated`. */
  readonly maxParts: number
  /** MIME parts within each other; what is deeper is one attachment. Defect `depth-truncated`. */
  readonly maxDepth: number
}

export const PARSE_LIMITS: ParseLimits = {
  maxTextOctets: 4 * MIB,
  maxTextChars: 4 * MIB,
  maxOpenedOctets: 16 * MIB,
  maxStrayOctets: 4 * MIB,
  maxAttachments: 1000,
  maxAddresses: 1000,
  maxValueChars: 4 * MIB,
  maxHeaderOctets: 8 * MIB,
  maxHeaderFields: 1000,
  maxReportParts: 20,
  maxReportOctets: 64 * 1024,
  maxParts: 10_000,
  maxDepth: 100,
}

/** How much of the start of a message `parseBarely` looks at. */
export const BARE_OCTETS = 256 * 1024
