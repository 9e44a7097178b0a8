import { setTimeout as delay } from 'node:timers/promises'

import type { FaultServer, FaultServerOptions, Step } from '../fault-server.ts'
import { deliverMail, GRAPH_TOKEN, GRAPH_USER } from '../graph-account.ts'
import type { GraphVerb } from '../graph-answers.ts'
import { startGraph } from '../graph-server.ts'

/** The stub of Microsoft Graph. It ends no session: each message that is removed is one, there and then. */
export async function graph({ isSlow = false }: FaultServerOptions = {}): Promise<FaultServer> {
  const server = await startGraph({ pageSize: isSlow ? 50 : 2 })
  const mailbox = server.mailbox(GRAPH_USER)
  return {
    deliver: async (octets) => void deliverMail(mailbox, octets),
    left: async () => mailbox.inFolder('inbox').length,
    env: (query = '') => ({
      MAILBOX_TEST_URL: `graph://${GRAPH_USER}?endpoint=${server.endpoint}${query === '' ? '' : `&${query}`}`,
      MAILBOX_TEST_ACCESS_TOKEN: GRAPH_TOKEN,
    }),
    onStep: (listener) =>
      server.onAsked(async ({ verb }) => {
        for (const step of STEPS[verb] ?? []) {
          await listener(step)
          if (isSlow) await delay(1)
        }
      }),
    idle: () => server.idle(),
    asSent: (octets) => octets,
    hasCursor: true,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const STEPS: Readonly<Partial<Record<GraphVerb, readonly Step[]>>> = {
  login: ['login'],
  list: ['list'],
  download: ['download'],
  look: ['download'],
  delete: ['delete', 'end'],
  move: ['delete', 'end'],
}
