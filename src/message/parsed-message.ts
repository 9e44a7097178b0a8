import type { HeaderField } from './header/rule-fields.ts'

/** What a mail says, as values, before anybody asks what kind of mail it is. */
export interface MailContent {
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
  /** The header of the message in its order: unfolded, one character an octet; bounded in number and length. */
  readonly header: readonly HeaderField[]
  /** The start of the parts that reports to machines are made of, in their order. */
  readonly reportParts: readonly ReportPart[]
  /** The envelope sender that the last server noted; empty for the empty one, null where none was noted. */
  readonly returnPath: string | null
  /** What its writer reads, as far as the header tells: an ISO 639 code. */
  readonly language: string | null
  /** Codes of what was wrong with the mail and how it was mended. */
  readonly defects: readonly string[]
}

/** All that later steps know of a message: its content, and what it is understood as. */
export interface ParsedMessage extends Omit<MailContent, 'reportParts'> {
  readonly kind: MailKind
  /** Stable code of the rule that decided the kind, or why there is no automatic answer; `kind/none`: no rule held. */
  readonly reason: string
  /** An automatic answer may be sent (RFC 3834 section 2). */
  readonly mayAnswer: boolean
  /** Of a bounce (RFC 3464); else null. */
  readonly delivery: Delivery | null
  /** msg-ids of the mail that a report or an automatic answer is about, then of those which that one refers to. */
  readonly reportsOn: readonly string[]
  /** What the writer added, apart from what was quoted, and without the signature; null where there is no text. */
  readonly reply: string | null
  /** The same part of the HTML: hostile until it is sanitised; its elements may be left open. */
  readonly replyHtml: string | null
}

/**
 * `personal`: somebody wrote it. `list`: it came over a mailing list or as a mailing. `notification`: a machine wrote it
 * of its own accord. The others answer or report on a mail that was sent before.
 */
export type MailKind =
  | 'personal'
  | 'list'
  | 'notification'
  | 'auto-reply'
  | 'delivery-status'
  | 'disposition'
  | 'feedback'
  | 'challenge'

export interface Delivery {
  /** Every recipient may still get it, or would if it were sent again later (RFC 3463 class 4). */
  readonly temporary: boolean
  readonly originalMessageId: string | null
  readonly recipients: readonly DeliveryRecipient[]
}

/** RFC 3464 section 2.3. */
export interface DeliveryRecipient {
  readonly address: string
  readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded'
  /** RFC 3463, like 5.1.1; null: nothing tells. */
  readonly status: string | null
  /** What the server said; bounded. */
  readonly diagnostic: string | null
}

/** A part like message/delivery-status or text/rfc822-headers. */
export interface ReportPart {
  readonly contentType: string
  /** Without transfer encoding, as UTF-8; bounded. */
  readonly text: string
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
