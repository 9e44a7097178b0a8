/** A task in a process of its own: what it costs is then its own, and the proxy and the sandbox do not slow it. */
import { fork } from 'node:child_process'
import type { TaskName, Tasks } from '../tasks/tasks.ts'

/** Nothing here takes as long; what does hangs. */
export const LIMIT_MS = 120_000

export async function inChild<Name extends TaskName>(name: Name, input: Parameters<Tasks[Name]>[0]) {
  const child = fork(new URL('../tasks/main.ts', import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Tasks[Name]>>>()
  child.once('message', resolve)
  child.once('exit', (code, signal) => reject(new Error(`task ${name} ended with ${code ?? signal}`)))
  const overdue = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  child.send({ name, input })
  try {
    return await promise
  } finally {
    clearTimeout(overdue)
    child.kill()
  }
}
