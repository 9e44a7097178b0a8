import type { Account } from '../../src/config.ts'
import type { GraphLimits } from '../../src/source/graph/limits.ts'
import type { GraphMailbox } from './graph-mailbox.ts'
import { mailboxAt } from './scripted-pop3.ts'

export const GRAPH_USER = 'support@contoso.example'
export const GRAPH_TOKEN = 'eyJ0eXAiOiJKV1QiLCJub25jZSI6IjEyMzQ1Njc4OTAifQ.secret-of-the-token'

export const SHORT_GRAPH: Partial<GraphLimits> = {
  connectMs: 300,
  handshakeMs: 300,
  replyMs: 300,
  idleMs: 300,
  replyGraceMs: 600,
  throttledMs: 400,
  retryMs: 5,
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
