/** The release that the tests look at: what scripts/release makes of this checkout as it is, committed or not. */
import { must, PLACE, type Ran, ran, ROOT, SCRIPT_ENV, type Start } from "./run.ts";

/** x86_64 or aarch64. */
export const ARCH = Deno.build.arch;
/** The architecture's name in Debian's packages and in images. */
export const DEBIAN_ARCH = ARCH === "x86_64" ? "amd64" : "arm64";
export const VERSION = /"(.*)"/.exec(Deno.readTextFileSync(`${ROOT}/version.ts`))![1]!;
export const TAG = `v${VERSION}`;
/** When everything in the tests was committed. */
const DATE = "2026-01-02T03:04:05Z";
export const EPOCH = Date.parse(DATE) / 1000;

const GIT_ENV = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "test",
  GIT_AUTHOR_EMAIL: "test@cready.invalid",
  GIT_AUTHOR_DATE: DATE,
  GIT_COMMITTER_NAME: "test",
  GIT_COMMITTER_EMAIL: "test@cready.invalid",
  GIT_COMMITTER_DATE: DATE,
};

/** Runs git in a folder. */
export function git(folder: string, ...words: string[]): Promise<string> {
  return must(["git", "-C", folder, ...words], { env: GIT_ENV });
}

/** Makes a checkout of its own, with everything of this one that would be committed, and a tag. */
export async function checkout(folder: string, change: (folder: string) => void = () => {}): Promise<void> {
  Deno.mkdirSync(folder, { recursive: true });
  await must([
    "sh",
    "-c",
    `tar -c -C "$0" --exclude=./dist --exclude=./.git --exclude=node_modules --exclude=__pycache__ . | tar -x -C "$1" --no-same-owner`,
    ROOT,
    folder,
  ]);
  change(folder);
  await git(folder, "init", "-q", "-b", "main");
  await git(folder, "add", "-A");
  await git(folder, "commit", "-q", "-m", "test");
  await git(folder, "tag", TAG);
}

/** Runs a script of a checkout. */
export function script(folder: string, words: readonly string[], start: Start = {}): Promise<Ran> {
  const [name, ...more] = words;
  return ran([`${folder}/scripts/${name}`, ...more], { ...start, env: { ...SCRIPT_ENV, ...start.env } });
}

let made: Promise<string> | undefined;

/** The folder with the release of this checkout; made when it is asked for the first time, anew after any change. */
export function release(): Promise<string> {
  return made ??= make();
}

async function make(): Promise<string> {
  const all = await must([
    "sh",
    "-c",
    `cd "$0" && find . -name .git -prune -o -path ./dist -prune -o -name node_modules -prune -o -name __pycache__ -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`,
    ROOT,
  ]);
  const kept = `${PLACE}/releases`, folder = `${kept}/${all.slice(0, 16)}`;
  if (existing(`${folder}/dist/release/SHA256SUMS`)) return `${folder}/dist/release`;
  // Of what this checkout was before; another run may still look at it.
  await must(["sh", "-c", 'mkdir -p "$0" && find "$0" -mindepth 1 -maxdepth 1 -mmin +60 -exec rm -rf {} +', kept]);
  await must(["rm", "-rf", folder]);
  await checkout(folder);
  const { code, stdout, stderr } = await script(folder, ["release", TAG, ARCH]);
  if (code !== 0) throw new Error(`scripts/release failed: ${stdout}${stderr}`);
  return `${folder}/dist/release`;
}

/** The names of the files of a release. */
export const NAMES = {
  binary: `cready-${VERSION}-${ARCH}`,
  sbom: `cready-${VERSION}-${ARCH}.cdx.json`,
  image: `cready-${VERSION}-${ARCH}.oci.tar`,
  deb: `cready_${VERSION}_${DEBIAN_ARCH}.deb`,
  rpm: `cready-${VERSION}-1.${ARCH}.rpm`,
};

function existing(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
