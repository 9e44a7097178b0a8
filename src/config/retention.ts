/** How long mail is kept: MAILBOX_<NAME>_KEEP_..., or what MAILCHUTE_KEEP_... says for all mailboxes. */
import type { RetentionConfig } from '../config.ts'
import type { Settings } from './environment.ts'
import type { Problem } from './problem.ts'

/** What is wrong is reported, and then nothing is purged. */
export function readRetention(name: string, settings: Settings, problems: Problem[]): RetentionConfig {
  return {
    rawSeconds: keep(`MAILBOX_${name}_KEEP_RAW`, 'MAILCHUTE_KEEP_RAW', settings, problems),
    contentSeconds: keep(`MAILBOX_${name}_KEEP_CONTENT`, 'MAILCHUTE_KEEP_CONTENT', settings, problems),
  }
}

const SECONDS = { m: 60, h: 3600, d: 86_400 }

function keep(own: string, general: string, settings: Settings, problems: Problem[]): number | null {
  const setting = settings.get(own) === undefined ? general : own
  const written = settings.get(setting)?.toLowerCase() ?? 'forever'
  if (written === 'forever') return null
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(written) ?? []
  if (count !== undefined && unit !== undefined && isUnit(unit)) return Number(count) * SECONDS[unit]
  const hint = 'write 90d, 36h or forever'
  // Of all mailboxes: one mistake is told once.
  if (!problems.some((each) => each.setting === setting)) {
    problems.push({ setting, problem: `'${written}' is no duration`, hint })
  }
  return null
}

const isUnit = (unit: string): unit is keyof typeof SECONDS => unit in SECONDS
