import { delay } from '../../../src/sandbox/manners.ts'
import type { FaultServer, FaultServerOptions, Step } from '../fault-server.ts'
import { startMailbox, type TestMailbox } from '../sandbox.ts'

export const SLOW = [delay({ verb: 'RETR' }, 1), delay({ verb: 'QUIT' }, 10)]

/** The sandbox. */
export async function pop3({ isSlow = false }: FaultServerOptions = {}): Promise<FaultServer> {
  return faultServerOver(await startMailbox([], { manners: isSlow ? SLOW : [] }))
}

export function faultServerOver(server: TestMailbox): FaultServer {
  return {
    deliver: async (octets, uniqueId) => void server.mailbox.deliver(octets, uniqueId),
    left: async () => server.mailbox.messages().length,
    env: server.env,
    onStep: (listener) =>
      server.sandbox.onCommand(({ verb }) => {
        const step = STEPS[verb]
        return step === undefined ? undefined : listener(step)
      }),
    idle: () => server.sandbox.idle(),
    asSent,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const STEPS: Readonly<Record<string, Step>> = {
  GREETING: 'login',
  LIST: 'list',
  UIDL: 'list',
  RETR: 'download',
  TOP: 'download',
  DELE: 'delete',
  QUIT: 'end',
}

/** POP3 sends lines: a last one without an end gets it (RFC 1939 section 3). */
function asSent(octets: Buffer): Buffer {
  return octets.subarray(-2).toString('latin1') === '\r\n' ? octets : Buffer.concat([octets, Buffer.from('\r\n')])
}
