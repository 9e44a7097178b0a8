/** Questions on a terminal, on standard error: standard output is for results. */
import * as clack from '@clack/prompts'

/** Somebody pressed Ctrl-C, or chose to stop. */
export class Stopped extends Error {}

/** undefined: the answer is good. */
type Check = (answer: string) => string | undefined

export interface Choice<T extends string> {
  readonly value: T
  readonly label: string
  readonly hint?: string
}

export interface Prompt {
  open(title: string): void
  close(text: string): void
  say(text: string): void
  fail(text: string): void
  box(title: string, lines: readonly string[]): void
  text(message: string, initial: string, check: Check, placeholder?: string): Promise<string>
  secret(message: string, check: Check): Promise<string>
  choose<T extends string>(message: string, choices: readonly Choice<T>[], initial: T): Promise<T>
  confirm(message: string): Promise<boolean>
}

export const isTerminal = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

export function createPrompt(signal: AbortSignal): Prompt {
  const common = { output: process.stderr, signal }
  return {
    open: (title) => clack.intro(title, common),
    close: (text) => clack.outro(text, common),
    say: (text) => clack.log.info(text, common),
    fail: (text) => clack.log.error(text, common),
    box: (title, lines) => clack.note(lines.join('\n'), title, { ...common, format: (line) => line }),
    text: async (message, initial, check, placeholder = '') =>
      answered(
        await clack.text({
          ...common,
          message,
          placeholder,
          initialValue: initial,
          validate: (value = '') => check(value.trim()),
        }),
      ).trim(),
    secret: async (message, check) =>
      answered(await clack.password({ ...common, message, validate: (value = '') => check(value) })) ?? '',
    choose: async <T extends string>(message: string, choices: readonly Choice<T>[], initial: T) =>
      pick(
        choices,
        answered(
          await clack.select<string>({
            ...common,
            message,
            options: choices.map((choice) => ({ ...choice })),
            initialValue: initial,
          }),
        ),
      ),
    confirm: async (message) => answered(await clack.confirm({ ...common, message })),
  }
}

function answered<T>(answer: T | typeof clack.CANCEL_SYMBOL): T {
  if (clack.isCancel(answer)) throw new Stopped()
  return answer
}

function pick<T extends string>(choices: readonly Choice<T>[], value: string): T {
  const choice = choices.find((each) => each.value === value)
  if (choice === undefined) throw new Stopped()
  return choice.value
}
