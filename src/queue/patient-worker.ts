import { setTimeout as passed } from 'node:timers/promises'
import { type IQueueBackend, type Job, type RedisQueueBackend, Worker } from 'bullmq'

const FIRST_PAUSE_MILLISECONDS = 100
const LONGEST_PAUSE_MILLISECONDS = 10_000

/**
 * BullMQ pauses where there is no connection. Where its queue answers, and refuses (rights, memory, a failover), it asks
 * again at once, for ever: here with pauses that double, and end when the worker is closed.
 */
export class PatientWorker<B extends IQueueBackend = RedisQueueBackend, Options = unknown> extends Worker<
  unknown,
  void,
  string,
  B,
  object,
  Options
> {
  readonly #closing = new AbortController()
  #refusals = 0

  override close(force?: boolean): Promise<void> {
    this.#closing.abort()
    return super.close(force)
  }

  protected override async moveToActive(token: string, name?: string): Promise<Job<unknown, void, string, object>> {
    try {
      const job = await super.moveToActive(token, name)
      this.#refusals = 0
      return job
    } catch (error) {
      const pause = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** this.#refusals++, LONGEST_PAUSE_MILLISECONDS)
      await passed(pause, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      throw error
    }
  }
}
