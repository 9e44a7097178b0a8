import { type IQueueBackend, type Job, type RedisQueueBackend, Worker } from 'bullmq'
import { createPatience } from './patience.ts'

/**
 * BullMQ pauses where there is no connection. Where its queue answers, and refuses (rights, memory, a failover), it asks
 * again at once, for ever: here with pauses.
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
  readonly #patiently = createPatience(this.#closing.signal)

  override close(force?: boolean): Promise<void> {
    this.#closing.abort()
    return super.close(force)
  }

  protected override moveToActive(token: string, name?: string): Promise<Job<unknown, void, string, object>> {
    return this.#patiently(() => super.moveToActive(token, name))
  }
}
