/** What a worker judges mail by, from the settings. */
import { knownKeysOf } from '../access/secret-keys.ts'
import { DEFAULT_POLICY } from '../config/policy.ts'
import { createTicketTokens } from '../message/ticket-token.ts'
import { type Authenticator, createAuthenticator } from '../ticketing/authenticity/authenticate.ts'
import { createDns } from '../ticketing/authenticity/dns.ts'
import type { Judging } from '../ticketing/judging.ts'
import { createLoopGuard } from '../ticketing/loops.ts'
import type { App } from './app.ts'
import { rulesOf } from './ruling.ts'
import { acknowledgingOf } from './send.ts'

/** To be closed by who has it. */
export const authenticatorOf = ({ config }: Pick<App, 'config'>): Authenticator =>
  createAuthenticator(config.dns === null ? null : createDns(config.dns))

/** Of mailboxes that are not set here the defaults hold. */
export function judgingOf(app: App, authenticator: Authenticator): Partial<Judging> {
  const policies = new Map(app.config.mailboxes.map(({ name, policy }) => [app.rows.get(name)?.id, policy]))
  const policyOf = (mailboxId: string) => policies.get(mailboxId) ?? DEFAULT_POLICY
  return {
    acknowledging: acknowledgingOf(app),
    authenticate: (source, mailboxId, from, signal) =>
      authenticator.authenticate(source, policyOf(mailboxId), from, signal),
    policyOf,
    ...loopGuardOf(app),
    rules: rulesOf(app, policyOf),
    ticketTokens: ticketTokensOf(app),
  }
}

/**
 * Read with the first mail that shows a token, and again with the next while there is none: whoever sends first makes
 * it. A key that cannot be read is no mail's fault: who sends tells of it.
 */
export function ticketTokensOf({ config }: Pick<App, 'config'>): Judging['ticketTokens'] {
  let tokens: ReturnType<Judging['ticketTokens']> | null = null
  const open = async () => {
    const keys = await knownKeysOf(config).catch(() => [])
    if (keys.length === 0) tokens = null
    return createTicketTokens(keys)
  }
  return () => {
    tokens ??= open()
    return tokens
  }
}

function loopGuardOf({ store, config: { similarPerHour }, log }: App): Partial<Pick<Judging, 'unlessLoop'>> {
  if (similarPerHour === null) return {}
  const onLoop = (inboundMessageId: string) => log.event('loop.detected', { inboundMessageId, similarPerHour })
  return { unlessLoop: createLoopGuard(store, similarPerHour, onLoop) }
}
