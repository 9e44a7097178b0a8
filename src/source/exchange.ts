/** What Exchange does over every protocol: it keeps no MIME, but makes it anew each time, and sometimes cannot. */
import type { Account } from '../config.ts'

/**
 * Whether its notices are to be looked for: by the host, or by a greeting like
 * `The Microsoft Exchange POP3 service is ready.`, which servers on premises have as well.
 */
export function isExchange({ isMicrosoft }: Pick<Account, 'isMicrosoft'>, greeting: string): boolean {
  return isMicrosoft || /\bmicrosoft exchange\b/i.test(greeting)
}

/**
 * Watches the octets of one message go by, to tell whether they are a notice in place of the message: the server
 * could not convert it. The message itself is still there, so a notice must be neither stored as mail nor deleted.
 *
 * A stranger can write that subject, too. His mail then stays on the server and is told of, which harms nobody; a
 * notice taken for mail would cost the message that it stands for.
 */
export class NoticeWatch {
  #header = ''
  #isComplete = false

  update(octets: Buffer): void {
    if (this.#isComplete) return
    this.#header += octets.toString('latin1', 0, HEADER_WITHIN_OCTETS - this.#header.length)
    const end = EMPTY_LINE.exec(this.#header)?.index
    if (end !== undefined) this.#header = this.#header.slice(0, end)
    this.#isComplete = end !== undefined || this.#header.length >= HEADER_WITHIN_OCTETS
  }

  /** Once all octets have gone by. */
  isNotice(): boolean {
    return NOTICE.test(this.#header.replace(FOLD, ' '))
  }
}

/** A notice has a short header; what is longer is mail. */
const HEADER_WITHIN_OCTETS = 64 * 1024
const EMPTY_LINE = /(?:^|\n)\r?\n/
const FOLD = /\r?\n[ \t]+/g
const NOTICE = /^subject[ \t]*:\s*retrieval using the (?:pop3|imap4) protocol failed for the following message\b/im
