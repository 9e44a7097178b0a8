/** The entry of a process that does one task: it comes as a message, and so goes the result. */
import { type TaskName, tasks } from './tasks.ts'

process.once('message', async ({ name, input }: { name: TaskName; input: never }) => {
  process.send?.(await tasks[name](input))
})
