import { MailchuteError } from '../errors.ts'
import type { Failures } from './failure.ts'

/** The caller's signal and the session's total deadline in one signal, whose reason is always a typed error. */
export interface Lifetime {
  readonly signal: AbortSignal
  /** Why `signal` was aborted. */
  reason(): MailchuteError
  /** Lets go of the caller's signal and the timer. */
  release(): void
}

export function lifetimeOf(signal: AbortSignal, sessionMs: number, { failure }: Failures): Lifetime {
  const controller = new AbortController()
  let reason = failure('source/connection-lost', 'the session was called off')
  const end = (why: MailchuteError) => {
    reason = why
    controller.abort(why)
  }
  const onAbort = () => end(calledOff(signal.reason, failure))
  const timer = setTimeout(
    () => end(failure('source/reply-timeout', `the session took longer than ${sessionMs / 1_000} s`)),
    sessionMs,
  ).unref()
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    reason: () => reason,
    release: () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    },
  }
}

function calledOff(reason: unknown, failure: Failures['failure']): MailchuteError {
  if (reason instanceof MailchuteError) return reason
  return failure('source/connection-lost', 'the session was called off', { cause: reason })
}
