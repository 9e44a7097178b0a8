/** What a worker judges mail by, from the settings. */
import { knownKeysOf } from '../access/secret-keys.ts'
import { DEFAULT_POLICY } from '../config/policy.ts'
import { createTicketTokens } from '../message/ticket-token.ts'
import type { Judging } from '../ticketing/judging.ts'
import type { App } from './app.ts'
import { acknowledgingOf } from './send.ts'

/** Of mailboxes that are not set here the defaults hold. */
export function judgingOf(app: App): Partial<Judging> {
  const policies = new Map(app.config.mailboxes.map(({ name, policy }) => [app.rows.get(name)?.id, policy]))
  return {
    acknowledging: acknowledgingOf(app),
    ticketTokens: tokensOnce(app),
    policyOf: (mailboxId) => policies.get(mailboxId) ?? DEFAULT_POLICY,
  }
}

/** Read with the first mail that shows a token. A key that cannot be read is no mail's fault: who sends tells of it. */
function tokensOnce({ config }: App): Judging['ticketTokens'] {
  let tokens: ReturnType<Judging['ticketTokens']> | undefined
  const open = async () => createTicketTokens(await knownKeysOf(config).catch(() => []))
  return () => {
    tokens ??= open()
    return tokens
  }
}
