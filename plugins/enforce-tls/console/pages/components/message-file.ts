/** The header of a message that somebody chose as a file: read in the browser alone, and never the text of the message. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { Field, useUid } from './basics.js'

/** As much of a file as is read, in bytes; the API takes no longer header. */
const HEADER_MAX = 256 * 1024

export interface MessageFile {
  readonly name: string
  /** The header block, its lines ending in CRLF; empty where the file begins with none. */
  readonly header: string
}

/** Reads the header block; what is no message gives an empty one. */
export async function readHeader(file: Blob & { readonly name: string }): Promise<MessageFile> {
  const text = await file.slice(0, HEADER_MAX).text()
  const [block = ''] = text.replace(/^From .*\r?\n/, '').split(/\r?\n\r?\n/, 1)
  const header = block.replace(/\r?\n/g, '\r\n')
  const isHeader = /^[!-9;-~]+[ \t]*:/.test(header) && new Blob([header]).size < HEADER_MAX
  return { name: file.name, header: isHeader ? `${header}\r\n` : '' }
}

export function MessageFileInput(props: {
  readonly file: MessageFile | null
  readonly onFile: (file: MessageFile | null) => void
}): VNode {
  const { file, onFile } = props
  const id = useUid('message')
  if (file !== null && file.header !== '')
    return html`<p class="row" role="status">
      <span>${texts.tryOut.fileUsed(plain(file.name))}</span>
      <button type="button" class="link" onClick=${() => onFile(null)}>${texts.tryOut.fileRemove}</button>
    </p>`
  const choose = async ({ currentTarget }: { readonly currentTarget: HTMLInputElement }): Promise<void> => {
    const [chosen] = currentTarget.files ?? []
    if (chosen) onFile(await readHeader(chosen))
  }
  return html`<${Field}
    label=${texts.tryOut.file}
    id=${id}
    hint=${texts.tryOut.fileHint}
    problem=${file === null ? null : texts.tryOut.fileWrong(plain(file.name))}
  >
    <input
      id=${id}
      class="input"
      type="file"
      accept=".eml,.txt,message/rfc822"
      aria-describedby=${`${id}-hint`}
      onChange=${choose}
    />
  <//>`
}
