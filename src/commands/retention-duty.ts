/** Once a day, at a time of each process's own, and at the start: what was kept for long enough is removed. */
import { schedule } from 'node-cron'
import { asMailchuteError } from '../errors.ts'
import type { Keeping } from '../store/retention.ts'
import { dailySchedule } from '../upkeep/renew-logins.ts'
import { purgeDue } from '../upkeep/retention.ts'
import type { App } from './app.ts'
import type { Duty } from './run.ts'

export function retentionDuty(app: App, signal: AbortSignal, random: number): Duty {
  const keeping = keepingOf(app)
  let underWay: Promise<void> = Promise.resolve()
  const look = () => {
    underWay = purge(app, keeping, signal)
    return underWay
  }
  void look()
  const task = schedule(dailySchedule(random), look, { noOverlap: true })
  return {
    stop: async () => {
      await task.destroy()
      await underWay
    },
  }
}

export function keepingOf({ config, rows }: Pick<App, 'config' | 'rows'>): Keeping[] {
  return config.mailboxes.flatMap(({ name, retention }) => {
    const mailboxId = rows.get(name)?.id
    return mailboxId === undefined ? [] : [{ mailboxId, ...retention }]
  })
}

async function purge({ store, log }: App, keeping: readonly Keeping[], signal: AbortSignal): Promise<void> {
  try {
    const { raw, content } = await purgeDue(store, keeping, signal)
    if (raw + content > 0) log.event('retention.purged', { raw, content })
  } catch (thrown) {
    if (!signal.aborted) log.failure('retention.failed', asMailchuteError(thrown))
  }
}
