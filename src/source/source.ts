/**
 * Where messages come from: the contract that every protocol keeps (POP3, IMAP, Microsoft Graph).
 *
 * It is RFC 1939's own transaction: a session sees one frozen list, removal is asked for message by message,
 * and only `commit` makes it happen. A session that is disposed without `commit`, or whose connection is lost,
 * removes nothing (RFC 1939 section 6).
 *
 * Promises of an implementation:
 * - One session is one connection. It never reconnects by itself: message numbers die with the connection.
 * - One failure is one typed error (`source/*`), never a hang: every wait has a deadline and heeds the signal.
 *   After a connection-level error every later call fails with the same error.
 * - Octets are those the server holds: dot-unstuffed, nothing decoded, nothing normalised.
 * - Calls may be made without awaiting the one before: commands go out in order, as many at once as the server
 *   allows (PIPELINING, bounded), and answers come back in order; over HTTP each in its own time.
 *
 * Not promised: that `sizeBytes` is exact (Exchange estimates it), that a unique-id is unique or never used again.
 */
export interface MailSession extends AsyncDisposable {
  /** What the server says it can do, in its own words: for people only. */
  readonly capabilities: readonly string[]

  /** What lies in the mailbox, oldest first, and all of it. Asked from the server once a session. */
  list(): Promise<readonly RemoteMessage[]>

  /**
   * For a source that is told changes only (Graph's delta): once the list is booked, to be kept, and handed back to
   * the next session as `Remembered.cursor`. Others have none. It becomes null where the session finds out that its
   * list was wrong: then a full list is due, and null is to be kept.
   */
  readonly cursor?: string | null

  /** One message can be given up midway and the session goes on (HTTP). Missing: that drops the connection. */
  readonly canStopMidway?: boolean

  /**
   * Streams one message into the sink. Resolves once the server's end mark was seen and the sink has taken all.
   * Rejects with `source/message-refused` (the server said no), `source/message-substituted` (it sent a notice in
   * its place), `source/message-empty`, `source/server-busy` or `source/message-too-large`. After these the session
   * can go on, unless the message was found too large midway and the session has no `canStopMidway`: then the only
   * way to stop an octet stream is to drop the connection.
   */
  retrieve(message: RemoteMessage, sink: OctetSink): Promise<RetrievedMessage>

  /**
   * `RetrievedMessage.headerSha256` as the server has it now: the same as long as it is the same message.
   * null where the server cannot tell (no TOP). The session can go on after `source/message-refused` and
   * `source/server-busy`: it could tell, but does not now.
   */
  headerDigest(message: RemoteMessage): Promise<string | null>

  /** When it came in as far as the server or its header tells, else null. Changes nothing. For people only. */
  receivedAt(message: RemoteMessage): Promise<Date | null>

  /**
   * Asks for removal at `commit`. Resolves when the server has acknowledged it; the session can go on after
   * `source/message-refused` and `source/server-busy`.
   */
  markDeleted(message: RemoteMessage): Promise<void>

  /** Ends the session and lets the server remove what was marked (QUIT). */
  commit(): Promise<void>
}

/** One message as a session lists it. Belongs to the session that listed it. */
export interface RemoteMessage {
  readonly uniqueId: string
  /** As listed; possibly an estimate. */
  readonly sizeBytes: number
  /** Position in this session's list; the message number of POP3. */
  readonly number: number
}

export interface RetrievedMessage {
  /** Octets handed to the sink. */
  readonly sizeBytes: number
  /** SHA-256 of all octets, hex. */
  readonly sha256: string
  /**
   * SHA-256 of the header, hex: the octets before the first empty line, without the line end before it. Where the
   * server makes up the octets anew each time (Graph): of what identifies the message there.
   */
  readonly headerSha256: string
}

/**
 * Takes the octets of one message in order. The buffer is the sink's to keep: it is never written to again.
 * A promise asks the session to stop reading until it is settled; its rejection ends the session.
 */
export type OctetSink = (octets: Buffer) => undefined | Promise<void>

/** `remembered` is asked only by a source that is told changes. */
export type Connect = (signal: AbortSignal, remembered?: () => Promise<Remembered>) => Promise<MailSession>

/** What the list of an earlier session left behind. */
export interface Remembered {
  /** null: there is none, a full list is due. */
  readonly cursor: string | null
  /** What lay in the mailbox by then. */
  readonly present: readonly { readonly uniqueId: string; readonly sizeBytes: number }[]
}

/**
 * Tells when something has arrived, and does nothing else: a wake-up call, while the poll stays the truth. One
 * connection: rejects when it is lost, at last when the signal aborts; resolves where the server has no such thing.
 */
export type Watch = (signal: AbortSignal, watched: Watched) => Promise<void>

export interface Watched {
  /** The mailbox is being watched from now on; what came before is not told. */
  onReady(): void
  onArrival(): void
}
