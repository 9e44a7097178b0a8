/** What a worker judges mail by, from the settings. */
import { DEFAULT_POLICY } from '../config/policy.ts'
import type { Judging } from '../ticketing/judging.ts'
import { createLoopGuard } from '../ticketing/loops.ts'
import type { App } from './app.ts'
import { rulesOf } from './ruling.ts'
import { acknowledgingOf } from './send.ts'

/** Of mailboxes that are not set here the defaults hold. */
export function judgingOf(app: App): Partial<Judging> {
  const policies = new Map(app.config.mailboxes.map(({ name, policy }) => [app.rows.get(name)?.id, policy]))
  const policyOf = (mailboxId: string) => policies.get(mailboxId) ?? DEFAULT_POLICY
  return {
    acknowledging: acknowledgingOf(app),
    policyOf,
    ...(app.config.similarPerHour === null
      ? {}
      : { unlessLoop: createLoopGuard(app.store, app.config.similarPerHour) }),
    rules: rulesOf(app, policyOf),
  }
}
