/** The most that one file may have, in bytes: a namespace of a thousand Models as JSON is 52 MB. */
const LIMIT = 64 * 1024 * 1024;

/** Files as one text: in the order of their names, each behind a separator. */
export async function read(files: File[]): Promise<string> {
  const sorted = files.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const texts = await Promise.all(
    sorted.map(async (file) => (file.size > LIMIT ? tooLarge(file) : (await file.text()).replace(/^\ufeff/, ""))),
  );
  return texts
    .map((text) => (text.endsWith("\n") ? text : `${text}\n`))
    .reduce((all, text) => (/^---\s/.test(text) ? all + text : `${all}---\n${text}`));
}

function tooLarge(file: File): string {
  return `# ${file.name.replaceAll(/[^\w.-]/g, "_")} is larger than ${LIMIT / 1024 / 1024} MB and was left out\n`;
}
