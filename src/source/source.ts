/**
 * Where messages come from: the contract that every protocol keeps (POP3 now, IMAP and Graph after it).
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
 *   allows (PIPELINING, bounded), and answers come back in order.
 *
 * Not promised: that `sizeBytes` is exact (Exchange estimates it), that a unique-id is unique or never used again.
 */
export interface MailSession extends AsyncDisposable {
  /** What lies in the mailbox, oldest first. Asked from the server once a session. */
  list(): Promise<readonly RemoteMessage[]>

  /**
   * Streams one message into the sink. Resolves once the server's end mark was seen and the sink has taken all.
   * Rejects with `source/message-refused` (the server said no), `source/message-empty` or
   * `source/message-too-large`. After `message-refused` the session can go on; after a `message-too-large` found
   * midway it cannot, for the only way to stop an octet stream is to drop the connection.
   */
  retrieve(message: RemoteMessage, sink: OctetSink): Promise<RetrievedMessage>

  /**
   * SHA-256 (hex) of the header as the server has it now, computed as `RetrievedMessage.headerSha256` is;
   * null where the server cannot give a header alone (no TOP).
   */
  headerDigest(message: RemoteMessage): Promise<string | null>

  /** Asks for removal at `commit`. Resolves when the server has acknowledged it. */
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
  /** SHA-256 of the header, hex: the octets before the first empty line, without the line end before it. */
  readonly headerSha256: string
}

/**
 * Takes the octets of one message in order. The buffer is the sink's to keep: it is never written to again.
 * A promise asks the session to stop reading until it is settled; its rejection ends the session.
 */
export type OctetSink = (octets: Buffer) => undefined | Promise<void>

export type Connect = (signal: AbortSignal) => Promise<MailSession>
