/** What the doctor finds, told as it is found. Each finding that is not `ok` says what to do. */
import { asMailchuteError, type MailchuteError } from '../../errors.ts'
import { colours, print } from '../terminal.ts'

/** Works today, and will not for ever. */
export interface Warning {
  readonly said: string
  readonly todo: string
}

export interface Report {
  ok(what: string, said: string): void
  warn(what: string, warning: Warning): void
  /** Not a finding: something that cannot be seen from here. */
  hint(what: string, warning: Warning): void
  fault(what: string, error: MailchuteError): void
  /** Tells what `look` resolves with; its rejection is a fault. */
  check(what: string, look: () => Promise<string | Warning>): Promise<void>
  /** That of the first fault, else 0: a warning leaves things working. */
  exitCode(): number
}

export function createReport(): Report {
  const faults: MailchuteError[] = []
  const line = (kind: string, what: string, said: string) => print(`${kind} ${what}: ${said}\n`)
  const withTodo = (kind: string, what: string, { said, todo }: Warning) =>
    line(kind, what, `${said}\n      ${todo.replaceAll('\n', '\n      ')}`)
  const report: Report = {
    ok: (what, said) => line(colours.green('ok   '), what, said),
    warn: (what, warning) => withTodo(colours.yellow('warn '), what, warning),
    hint: (what, hint) => withTodo(colours.cyan('hint '), what, hint),
    fault: (what, error) => {
      faults.push(error)
      withTodo(colours.red('fault'), what, { said: `${error.message} (${error.code})`, todo: error.hint })
    },
    check: async (what, look) => {
      try {
        const found = await look()
        if (typeof found === 'string') report.ok(what, found)
        else report.warn(what, found)
      } catch (thrown) {
        report.fault(what, asMailchuteError(thrown))
      }
    },
    exitCode: () => faults[0]?.exitCode ?? 0,
  }
  return report
}
