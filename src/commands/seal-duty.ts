/** The audit log is sealed: once a minute while a worker runs, and at the end of a drain. */
import { schedule } from 'node-cron'
import { secretKeysOf } from '../access/secret-keys.ts'
import { type SealKeys, sealKeysOf } from '../audit/keys.ts'
import type { Config } from '../config.ts'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import { createSealing, type SealDue } from '../upkeep/seal.ts'
import type { App } from './app.ts'
import type { Duty } from './run.ts'

/** Every process looks; the lock makes one of them do it. */
export async function sealDuty(app: App, signal: AbortSignal): Promise<Duty> {
  const sealDue = createSealing(app.store.audit, await auditKeysOf(app.config))
  let waits = 0
  let underWay: Promise<void> = Promise.resolve()
  const look = () => {
    underWay = sealOnce(app, sealDue, signal).then((isWaiting) => {
      waits = isWaiting ? waits + 1 : 0
      if (waits === WAITS_TOLD_OF) app.log.event('audit.waiting', { minutes: waits })
    })
    return underWay
  }
  void look()
  const task = schedule('30 * * * * *', look, { noOverlap: true })
  return {
    stop: async () => {
      await task.destroy()
      await underWay
    },
  }
}

const WAITS_TOLD_OF = 5

const PATIENCE_AT_END_MILLISECONDS = 1_000

/** For a process that ends when it is done. What it cannot seal now the next one seals. */
export async function sealAtEnd(app: App, signal: AbortSignal): Promise<void> {
  const sealDue = createSealing(app.store.audit, await auditKeysOf(app.config))
  await sealOnce(app, (stop) => sealDue(stop, { patienceMilliseconds: PATIENCE_AT_END_MILLISECONDS }), signal)
}

/** Resolves with whether something waits for a transaction of somebody. */
async function sealOnce({ log }: App, sealDue: SealDue, signal: AbortSignal): Promise<boolean> {
  try {
    const { seals, events, head, isWaiting } = await sealDue(signal)
    if (head !== null) log.event('audit.sealed', { seals, events, seal: head.number, head: head.digest })
    return isWaiting
  } catch (error) {
    log.failure('audit.failed', asMailchuteError(error))
    return false
  }
}

/** The current key first; none where there is none. */
export async function auditKeysOf(config: Config): Promise<SealKeys> {
  return sealKeysOf(await auditSecretsOf(config))
}

export async function auditSecretsOf(config: Config): Promise<Buffer[]> {
  return await secretKeysOf(config).catch((error: unknown) => {
    if (error instanceof MailchuteError && error.code === 'config/secret-key-missing') return []
    throw error
  })
}
