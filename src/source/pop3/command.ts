/** One command and what its reply looks like. */
export interface Command {
  readonly verb: string
  /** The whole line without its end; null for the greeting, which answers no command. */
  readonly line: string | null
  /** Takes the octets of a multi-line reply. Without it the reply is its status line. */
  readonly body?: ReplyBody
  /** A guess at the length of the body, for the deadline of the whole. */
  readonly expectedOctets?: number
  /** Deadline of the first octet, where it is not the usual one. */
  readonly replyMs?: number
  /** Whether the server may ask for another line (SASL). */
  readonly mayContinue?: boolean
}

export interface ReplyBody {
  /** A promise makes the server wait until it is settled; an error, thrown or as rejection, ends the connection. */
  take(octets: Buffer): undefined | Promise<void>
}
