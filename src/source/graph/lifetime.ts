import type { MailchuteError } from '../../errors.ts'
import type { Lifetime } from '../lifetime.ts'

/** A lifetime that the session can end itself: then whatever waits ends with the same reason. */
export interface Endable extends Lifetime {
  /** Only the first end counts. */
  end(why: MailchuteError): void
  /** null: it goes on. */
  readonly ended: MailchuteError | null
}

export function endable(outer: Lifetime): Endable {
  const controller = new AbortController()
  let ended: MailchuteError | null = null
  const end = (why: MailchuteError) => {
    if (ended !== null) return
    ended = why
    outer.release()
    controller.abort(why)
  }
  if (outer.signal.aborted) end(outer.reason())
  else outer.signal.addEventListener('abort', () => end(outer.reason()), { once: true })
  return {
    signal: controller.signal,
    reason: () => ended ?? outer.reason(),
    release: outer.release,
    end,
    get ended() {
      return ended
    },
  }
}
