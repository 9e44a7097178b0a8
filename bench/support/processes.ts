/** What processes cost, read from Linux' /proc. */
import { readdir, readFile } from 'node:fs/promises'

interface ProcessCost {
  readonly pid: number
  readonly parent: number
  readonly command: string
  readonly cpuMs: number
}

const TICK_MS = 10

/** CPU so far of each program that `parent` started, with all that it started in turn, by the program's name. */
export async function cpuByProgram(parent: number): Promise<Map<string, number>> {
  const all = await costs()
  const programOf = (cost: ProcessCost): string | null => {
    if (cost.parent === parent) return cost.command
    const above = all.get(cost.parent)
    return above === undefined ? null : programOf(above)
  }
  const sums = new Map<string, number>()
  for (const cost of all.values()) {
    const program = programOf(cost)
    if (program !== null) sums.set(program, (sums.get(program) ?? 0) + cost.cpuMs)
  }
  return sums
}

async function costs(): Promise<Map<number, ProcessCost>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null)))
  return new Map(found.flatMap((text) => (text === null ? [] : [costOf(text)])).map((cost) => [cost.pid, cost]))
}

/** proc(5): fields 4 (parent) and 14 to 17 (CPU of its own, and of children that have ended). */
function costOf(stat: string): ProcessCost {
  const [, pid, command = ''] = /^(\d+) \((.*)\)/s.exec(stat) ?? []
  const fields = fieldsOf(stat)
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { pid: Number(pid), parent: Number(fields[1]), command, cpuMs: ticks * TICK_MS }
}

/** From field 3 on: the name before it stands in brackets and may hold spaces. */
const fieldsOf = (stat: string) => stat.slice(stat.lastIndexOf(')') + 2).split(' ')

/** CPU of all that this process has started and that has ended. */
export async function cpuOfEnded(): Promise<number> {
  const fields = fieldsOf(await readFile('/proc/self/stat', 'latin1'))
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS
}

/** The most memory it ever had; null once it is gone. */
export async function peakMemoryMib(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '')
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  return kib === undefined ? null : Math.round(Number(kib) / 1024)
}
