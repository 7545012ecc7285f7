/** What the executable needs of a system: the loader and the libraries, out of Debian's packages. */
import type { Entry } from "./tar.ts";

const LIBRARIES = ["libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "librt.so.1"];
/** The loader's path is written into the executable. */
const LOADERS: Readonly<Record<string, string>> = {
  x86_64: "lib64/ld-linux-x86-64.so.2",
  aarch64: "lib/ld-linux-aarch64.so.1",
};

/** The lowest layer of an image, from a folder that scripts/debs made; and whose files they are. */
export function baseLayer(folder: string, arch: string): { entries: Entry[]; packages: string } {
  const triplet = `${arch}-linux-gnu`, loader = LOADERS[arch]!;
  const find = (name: string) => {
    for (const place of [`lib/${triplet}`, `usr/lib/${triplet}`]) {
      try {
        return Deno.readFileSync(`${folder}/${place}/${name}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    throw new Error(`Debian's packages have no ${name} for ${arch}`);
  };
  const versions = Deno.readTextFileSync(`${folder}/.versions`).trim().split("\n").map((line) => line.split("\t"));
  // The folder of libgcc-s1's documents is a link to that of gcc's base package.
  const gcc = versions.map(([name]) => name!.replace(/:.*/, "")).find((name) => /^gcc-\d+-base$/.test(name)) ??
    "libgcc-s1";
  const used = versions.filter(([name]) => /^(libc6|libgcc-s1)(:|$)/.test(name!));
  const text = (path: string, content: string): Entry => ({
    path,
    mode: 0o644,
    bytes: new TextEncoder().encode(content),
  });
  return {
    packages: used.map(([name, version]) => `${name!.replace(/:.*/, "")}=${version}`).join(" "),
    entries: [
      { path: loader, mode: 0o755, bytes: find(loader.slice(loader.lastIndexOf("/") + 1)) },
      ...LIBRARIES.map((name): Entry => ({ path: `lib/${triplet}/${name}`, mode: 0o644, bytes: find(name) })),
      ...["libc6", gcc].map((name): Entry => ({
        path: `usr/share/doc/${name}/copyright`,
        mode: 0o644,
        bytes: Deno.readFileSync(`${folder}/.copyright/${name}`),
      })),
      text("etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"),
      text("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
      text("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
      { path: "dev/", mode: 0o755 },
      { path: "lib/modules/", mode: 0o755 },
      { path: "proc/", mode: 0o755 },
      { path: "run/", mode: 0o755 },
      { path: "sys/", mode: 0o755 },
      { path: "tmp/", mode: 0o1777 },
    ],
  };
}
