import type { Account } from '../../src/config.ts'
import type { GraphLimits } from '../../src/source/graph/limits.ts'
import type { GraphMailbox } from './graph-mailbox.ts'
import { mailboxAt } from './scripted-pop3.ts'

export const GRAPH_USER = 'support@contoso.example'
export const GRAPH_TOKEN = 'eyJ0eXAiOiJKV1QiLCJub25jZSI6IjEyMzQ1Njc4OTAifQ.secret-of-the-token'

/** Waits little for a server that is busy, and as long as the product for everything else. */
export const IMPATIENT_GRAPH: Partial<GraphLimits> = { throttledMs: 400, retryMs: 5 }
/** For what waits in vain. */
export const SHORT_GRAPH: Partial<GraphLimits> = {
  ...IMPATIENT_GRAPH,
  replyMs: 1_000,
  idleMs: 1_000,
  replyGraceMs: 2_000,
}

/** The settings of a mailbox at a stub of Graph. */
export function graphAccount(endpoint: string, settings: Partial<Account> = {}): Account {
  return {
    ...mailboxAt(443),
    url: `graph://${GRAPH_USER}`,
    protocol: 'graph',
    source: 'graph 127.0.0.1',
    host: 'graph.microsoft.com',
    security: 'tls',
    isMicrosoft: true,
    user: GRAPH_USER,
    endpoint,
    credentials: { kind: 'access-token', token: GRAPH_TOKEN },
    maxMessageBytes: 10_000_000,
    ...settings,
  }
}

export function deliverMail(mailbox: GraphMailbox, octets: Buffer) {
  const [, internetMessageId = '<none@contoso.example>'] =
    /^message-id:\s*(<[^>]*>)/im.exec(octets.toString('latin1')) ?? []
  return mailbox.deliver(() => [octets], internetMessageId)
}
