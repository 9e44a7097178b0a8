import type { Linked, ThreadGroup } from '../store/threads.ts'

/**
 * Joins messages that name each other, directly or through others, and the threads that already know one of their
 * msg-ids. Pure; the outcome does not depend on the order of the messages, except that a group keeps them as given.
 */
export function groupThreads(messages: readonly Linked[], known: ReadonlyMap<string, string>): ThreadGroup[] {
  const sets = disjointSets()
  for (const message of messages) {
    const own = `message ${message.id}`
    sets.add(own)
    for (const msgId of msgIdsOf(message)) {
      sets.join(own, `msg-id ${msgId}`)
      const threadId = known.get(msgId)
      if (threadId !== undefined) sets.join(own, `thread ${threadId}`)
    }
  }
  return sets.all().map((names) => ({
    threadIds: withPrefix(names, 'thread ').toSorted(),
    messageIds: withPrefix(names, 'message '),
  }))
}

const msgIdsOf = ({ messageId, refersTo }: Linked) => (messageId === null ? refersTo : [messageId, ...refersTo])

const withPrefix = (names: readonly string[], prefix: string) =>
  names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))

/** Union-find with path halving. */
function disjointSets() {
  const parents = new Map<string, string>()
  const rootOf = (name: string): string => {
    let at = name
    for (let parent = parents.get(at) ?? at; parent !== at; parent = parents.get(at) ?? at) {
      parents.set(at, parents.get(parent) ?? parent)
      at = parent
    }
    return at
  }
  const add = (name: string) => {
    if (!parents.has(name)) parents.set(name, name)
  }
  const join = (one: string, other: string) => {
    add(other)
    parents.set(rootOf(other), rootOf(one))
  }
  const all = () => Map.groupBy(parents.keys(), rootOf).values().toArray()
  return { add, join, all }
}
