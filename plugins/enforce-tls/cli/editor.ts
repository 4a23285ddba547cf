/** A text in the user's editor, in a file of its own that nobody else can read. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Output } from './output.js'
import { Refusal } from './refusal.js'

/** A file under the editor. */
export class EditedFile implements AsyncDisposable {
  readonly #output: Output
  readonly #folder: string
  readonly file: string
  readonly #text: string
  #kept = false

  private constructor(output: Output, folder: string, name: string, text: string) {
    this.#output = output
    this.#text = text
    this.#folder = folder
    this.file = path.join(folder, name)
  }

  /** Makes the file. */
  static async create(output: Output, name: string, text: string): Promise<EditedFile> {
    const edited = new EditedFile(output, await mkdtemp(path.join(tmpdir(), 'enforce-tls-')), name, text)
    await writeFile(edited.file, text, { mode: 0o600 })
    return edited
  }

  /**
   * Opens the editor and waits for its end.
   *
   * @returns the text that it left.
   * @throws {Refusal} when the editor failed: then nobody said that the text is good.
   */
  async edit(): Promise<string> {
    const { env } = this.#output.terminal
    const editor = [env['VISUAL'], env['EDITOR']].find((name) => name !== undefined && name !== '') ?? 'vi'
    const ended = await runEditor(editor, this.file, this.#output.json)
    if (ended !== null) throw new Refusal([`the editor ${editor} ${ended}, so nothing was changed`])
    return readFile(this.file, 'utf8')
  }

  /** Whether the text is still the one that it was made with. */
  async isAsItWas(): Promise<boolean> {
    return (await readFile(this.file, 'utf8').catch(() => this.#text)) === this.#text
  }

  /** Leaves the file where it is, for its text not to be lost. */
  keep(): void {
    this.#kept = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#kept) await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Runs an editor as git does: by the shell, since it may have arguments. Gives how it failed, or `null`. */
function runEditor(editor: string, file: string, json: boolean): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `${editor} "$@"`, editor, file], {
      // Standard output is for data alone then.
      stdio: ['inherit', json ? 2 : 'inherit', 'inherit'],
    })
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`))
    child.once('exit', (code, signal) =>
      resolve(code === 0 ? null : `ended with ${code === null ? String(signal) : `exit code ${code}`}`),
    )
  })
}
