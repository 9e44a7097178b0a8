/** What the fault suites need of a mail server, whatever its protocol: mail in, sight of what is left, a view of the session. */
import { expect } from 'vitest'
import type { PollResult } from '../../src/intake/poll.ts'
import { exchange } from './fault-servers/exchange.ts'
import { graph } from './fault-servers/graph.ts'
import { imap } from './fault-servers/imap.ts'
import { pop3 } from './fault-servers/pop3.ts'

/** What a session is about to do; `end` is what makes the server remove what was marked. */
export type Step = 'login' | 'list' | 'download' | 'delete' | 'end'

export interface FaultServer extends AsyncDisposable {
  /** A mail comes in; the unique-id is the server's own where it lets nobody choose. */
  deliver(octets: Buffer, uniqueId?: string): Promise<void>
  /** How many mails the server really holds where they came in. */
  left(): Promise<number>
  /** The settings of mailbox `test`, as the program takes them; `query` as `deleteAfter=1h`. */
  env(query?: string): Record<string, string>
  /** Hears of each step before it takes effect; a promise holds it back. Returns how to stop listening. */
  onStep(listener: (step: Step) => unknown): () => void
  /** Resolves once no session is open. */
  idle(): Promise<void>
  /** What the server makes of these octets on their way; where it gives other octets each time it is not told. */
  asSent(octets: Buffer): Buffer
  /** It is asked for changes only: the store remembers where the last list ended. */
  readonly hasCursor?: boolean
  /** Codes with which a poll may end through nobody's fault, now and then: the next one goes on. Missing: none. */
  readonly mayFailWith?: readonly string[]
}

export interface FaultServerOptions {
  /** Lets steps take some milliseconds, so that a kill finds the session at any of them. */
  readonly isSlow?: boolean
  /** A server that fails at random does not. */
  readonly isCalm?: boolean
}

/** By name; each suite over these is one suite over every source. */
export const FAULT_SERVERS: Readonly<Record<string, (options?: FaultServerOptions) => Promise<FaultServer>>> = {
  POP3: pop3,
  'POP3 as Exchange has it': exchange,
  Graph: graph,
  IMAP: imap,
}

/** More in a row are no chance. */
const FAILURES_LIMIT = 20

/** Polls until a poll goes well, which it must at once unless the server may fail. */
export async function pollWell({ mayFailWith = [] }: FaultServer, poll: () => Promise<PollResult>): Promise<void> {
  for (let failures = 0; ; failures++) {
    const result = await poll()
    if (failures < FAILURES_LIMIT && hasFailedWith(result, mayFailWith)) continue
    expect(result).toMatchObject({ outcome: 'polled', error: null })
    return
  }
}

export function hasFailedWith(result: PollResult | null, codes: readonly string[] = []): boolean {
  return result?.outcome === 'polled' && result.error !== null && codes.includes(result.error.code)
}
