/** One session, or whole polls, over a stub of Graph that misbehaves. */
import type { Account, MailboxConfig } from '../../src/config.ts'
import type { PollDeps, PollResult } from '../../src/intake/poll.ts'
import type { GraphLimits } from '../../src/source/graph/limits.ts'
import { graph } from '../../src/source/graph/session.ts'
import type { Connect, MailSession } from '../../src/source/source.ts'
import { deliverMail, GRAPH_TOKEN, GRAPH_USER, graphAccount, IMPATIENT_GRAPH } from './graph-account.ts'
import type { GraphMailbox } from './graph-mailbox.ts'
import { type GraphServer, startGraph } from './graph-server.ts'
import { createDatabase } from './postgres.ts'
import { brokenPromises } from './promises.ts'
import { openWorker, type TestWorker } from './worker.ts'

export function openGraph(
  endpoint: string,
  settings: Partial<Account> = {},
  limits: Partial<GraphLimits> = IMPATIENT_GRAPH,
): Promise<MailSession> {
  return graph(graphAccount(endpoint, settings), limits)(new AbortController().signal)
}

export interface GraphBench extends AsyncDisposable {
  readonly server: GraphServer
  readonly mailbox: GraphMailbox
  readonly worker: TestWorker
  /** Waits little for a server that is busy. */
  poll(over?: Partial<PollDeps>, settings?: Partial<MailboxConfig>): Promise<PollResult>
  /** What is left in the inbox. */
  left(): number
  /** How often something was asked for. */
  count(verb: string): number
  broken(octets: readonly Buffer[], tickets?: number): Promise<string[]>
}

/** The mailbox is that of the program's settings; `query` as `deleteAfter=1h`. */
export async function openGraphBench(octets: readonly Buffer[], query = ''): Promise<GraphBench> {
  const databaseUrl = await createDatabase()
  const server = await startGraph()
  const mailbox = server.mailbox(GRAPH_USER)
  for (const each of octets) deliverMail(mailbox, each)
  const worker = await openWorker({
    DATABASE_URL: databaseUrl,
    MAILBOX_TEST_URL: `graph://${GRAPH_USER}?endpoint=${server.endpoint}${query === '' ? '' : `&${query}`}`,
    MAILBOX_TEST_ACCESS_TOKEN: GRAPH_TOKEN,
  })
  return {
    ...{ server, mailbox, worker },
    poll: (over = {}, settings = {}) => worker.poll({ connect: impatiently, ...over }, settings),
    left: () => mailbox.inFolder('inbox').length,
    count: (verb) => server.asked.filter((asked) => asked.verb === verb).length,
    broken: async (all, tickets) => {
      await worker.workOff()
      return brokenPromises(databaseUrl, {
        octets: all,
        asSent: (sent) => sent,
        ...(tickets === undefined ? {} : { tickets }),
      })
    },
    [Symbol.asyncDispose]: async () => {
      await worker[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

function impatiently(mailbox: MailboxConfig): Connect {
  return graph({ ...mailbox, credentials: { kind: 'access-token', token: GRAPH_TOKEN } }, IMPATIENT_GRAPH)
}
