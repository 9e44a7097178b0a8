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
    ...loopGuardOf(app),
    rules: rulesOf(app, policyOf),
  }
}

function loopGuardOf({ store, config: { similarPerHour }, log }: App): Partial<Pick<Judging, 'unlessLoop'>> {
  if (similarPerHour === null) return {}
  const onLoop = (inboundMessageId: string) => log.event('loop.detected', { inboundMessageId, similarPerHour })
  return { unlessLoop: createLoopGuard(store, similarPerHour, onLoop) }
}
