/** What nfpm is told (https://nfpm.goreleaser.com/configuration). */
import type { Content, Kind } from "./contents.ts";

/** The oldest glibc that the executable starts with: the highest version among the symbols that it needs. */
export const GLIBC = "2.27";

/** Which libraries the executable needs: those of glibc, and gcc's. */
const DEPENDS: Readonly<Record<Kind, readonly string[]>> = {
  deb: [`libc6 (>= ${GLIBC})`, "libgcc-s1 (>= 4.2) | libgcc1 (>= 1:4.2)"],
  // As rpm itself would find them.
  rpm: [
    ...["libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1"].map((name) => `${name}()(64bit)`),
    `libc.so.6(GLIBC_${GLIBC})(64bit)`,
    "libgcc_s.so.1(GCC_4.2.0)(64bit)",
    "/bin/sh",
    "rpmlib(PayloadIsZstd) <= 5.4.18-1",
  ],
};

const SUMMARY = "tells whether CRIU can checkpoint and restore here, and if not, why";
const DESCRIPTION = `cready asks the running kernel for what CRIU needs, answers as "criu check"
does, and says of each "no" its cause on this machine and what mends it.
It tells of a running process tree whether it can be dumped and with which
options, why a dump failed, and whether dumps of one machine can be restored
on another.
It contains no part of CRIU.`;

/** The names of the architectures in packages and images. */
export const ARCHITECTURES: Readonly<Record<string, { readonly deb: string; readonly rpm: string }>> = {
  x86_64: { deb: "amd64", rpm: "x86_64" },
  aarch64: { deb: "arm64", rpm: "aarch64" },
};

/** A package's file name, as each distribution has it. */
export function fileName(kind: Kind, version: string, arch: string): string {
  const name = ARCHITECTURES[arch]![kind];
  return kind === "deb" ? `cready_${version}_${name}.deb` : `cready-${version}-1.${name}.rpm`;
}

/** rpm marks what is documentation or a licence. */
function typeOf(kind: Kind, { path, licence }: Content): { readonly type?: string } {
  if (licence) return { type: "license" };
  return kind === "rpm" && /^\/usr\/share\/(man|doc)\//.test(path) ? { type: "doc" } : {};
}

/** nfpm's configuration for the files that lie below `staged`. */
export function nfpmConfig(
  kind: Kind,
  version: string,
  arch: string,
  epoch: number,
  root: string,
  files: readonly Content[],
  staged: (content: Content) => string,
): unknown {
  const mtime = new Date(epoch * 1000).toISOString();
  const info = (mode: number) => ({ mode, owner: "root", group: "root", mtime });
  // What an rpm does not name stays when the package is erased.
  const folders = ["/usr/share/cready", "/usr/share/doc/cready", "/usr/share/licenses/cready"].flatMap((top) => {
    const below = files.map(({ path }) => path.slice(0, path.lastIndexOf("/"))).filter((path) => path.startsWith(top));
    return kind === "rpm" ? [...new Set(below.length > 0 ? [top, ...below] : [])] : [];
  });
  return {
    name: "cready",
    arch: ARCHITECTURES[arch]!.deb,
    platform: "linux",
    version,
    section: "admin",
    priority: "optional",
    maintainer: "The cready maintainers <maintainers@cready.invalid>",
    // A deb's first line is its summary; an rpm has a field for that.
    description: kind === "deb" ? `${SUMMARY}\n${DESCRIPTION}` : DESCRIPTION,
    license: "Apache-2.0",
    mtime,
    disable_globbing: true,
    depends: DEPENDS[kind],
    suggests: ["criu"],
    contents: [
      ...folders.sort().map((dst) => ({ dst, type: "dir", file_info: info(0o755) })),
      ...files.map((content) => ({
        src: staged(content),
        dst: content.path,
        ...typeOf(kind, content),
        file_info: info(content.mode),
      })),
    ],
    scripts: {
      postinstall: `${root}/packaging/scripts/postinst`,
      preremove: `${root}/packaging/scripts/prerm`,
      postremove: `${root}/packaging/scripts/postrm`,
    },
    deb: { compression: "zstd:best" },
    rpm: { compression: "zstd:best", buildhost: "localhost", summary: SUMMARY, group: "System" },
  };
}
