/** A worker in a process of its own that takes one job and never ends it: says which, and waits to be killed. */
import type { QueueTarget } from '../../src/queue/backend.ts'
import { openQueue } from '../../src/queue/queue.ts'

const [target = '{}', deadAfterMilliseconds = ''] = process.argv.slice(2)
const queue = openQueue(JSON.parse(target) as QueueTarget, {
  onTrouble: () => undefined,
  deadAfterMilliseconds: Number(deadAfterMilliseconds),
})
queue.work((inboundMessageId) => {
  process.stdout.write(`${inboundMessageId}\n`)
  return new Promise(() => undefined)
}, 1)
