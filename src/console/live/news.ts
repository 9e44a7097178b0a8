/** Tells who listens that something has changed, by one look a second however many listen, and none while nobody does. */

export interface News {
  /** Calls back at each change, and once at the end. Returns how to stop; null: too many listen already. */
  listen(listener: Listener): (() => void) | null
  close(): void
}

export interface Listener {
  readonly onNews: () => void
  readonly onEnd: () => void
}

export const LISTENERS_LIMIT = 50
const LOOK_MILLISECONDS = 1000

/** `look` gives another value whenever something has changed. */
export function createNews(look: () => Promise<string>): News {
  const listeners = new Set<Listener>()
  let isLooking = false
  let last: string | null = null
  const once = async () => {
    // A database that is away is no news.
    const seen = await look().catch(() => last)
    if (last !== null && seen !== last) for (const { onNews } of listeners) onNews()
    last = seen
    isLooking = listeners.size > 0
    if (isLooking) setTimeout(once, LOOK_MILLISECONDS)
    else last = null
  }
  return {
    listen: (listener) => {
      if (listeners.size >= LISTENERS_LIMIT) return null
      listeners.add(listener)
      if (!isLooking) void once()
      isLooking = true
      return () => listeners.delete(listener)
    },
    close: () => {
      for (const { onEnd } of listeners) onEnd()
      listeners.clear()
    },
  }
}
