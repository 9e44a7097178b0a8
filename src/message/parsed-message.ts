/** What a mail says, as values: the outcome of parsing, and all that later steps know of a message's content. */
export interface ParsedMessage {
  /** With its angle brackets, or null where the field is missing or blank. A hint only: it may be forged or repeated. */
  readonly messageId: string | null
  readonly inReplyTo: readonly string[]
  /** In the order of the field: oldest first (RFC 5322 section 3.6.4). */
  readonly references: readonly string[]
  /** The Date field in ISO 8601, or null where it is missing or unreadable. */
  readonly date: string | null
  readonly subject: string
  readonly from: readonly Address[]
  readonly to: readonly Address[]
  readonly cc: readonly Address[]
  readonly replyTo: readonly Address[]
  /** Plain text, made from the HTML where the mail has no other. */
  readonly text: string | null
  /** HTML as the sender wrote it: hostile until it is sanitised. */
  readonly html: string | null
  readonly attachments: readonly ParsedAttachment[]
  /** Why it must not be answered automatically: the code of a rule (automatic.ts). Null: nothing speaks against it. */
  readonly automatic: string | null
  /** The envelope sender that the last server noted; empty for the empty one, null where none was noted. */
  readonly returnPath: string | null
  /** What its writer reads, as far as the header tells: an ISO 639 code. */
  readonly language: string | null
  /** Codes of what was wrong with the mail and how it was mended. */
  readonly defects: readonly string[]
}

/** RFC 5322 section 3.4: display name (may be empty) and addr-spec. */
export interface Address {
  readonly name: string
  readonly address: string
}

/** Metadata; the octets are cut out of the raw message when asked for. Enclosed mails are of type message/rfc822. */
export interface ParsedAttachment {
  readonly filename: string | null
  readonly contentType: string
  /** After the transfer encoding is undone. */
  readonly sizeBytes: number
  readonly sha256: string
  readonly disposition: 'attachment' | 'inline' | null
  /** Without angle brackets: as a `cid:` URL names it (RFC 2392). */
  readonly contentId: string | null
  /** The octets; only where they were asked for. */
  readonly content?: Uint8Array
}
