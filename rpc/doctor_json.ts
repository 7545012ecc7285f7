import type { Diagnosis } from "./doctor.ts";

/** `cready doctor --json`, as schema/cli/doctor.graphql describes it: the same fields in the same order. */
export function diagnosisJson(diagnosis: Diagnosis, well: boolean): unknown {
  const { host, path, why, version, cached, asked, features, engines, breaks, configFiles, plugins } = diagnosis;
  return {
    well,
    host: { kernel: host.kernel, architecture: host.architecture },
    criu: { path, why, version: version && version.text, number: version && version.number, cached },
    asked: asked.map(({ client, question, succeeded, answer, durationMs }) => ({
      client,
      question,
      succeeded,
      answer,
      durationMs,
    })),
    features: features.map(({ name, criu, goCriu, cready }) => ({
      name,
      criu,
      goCriu,
      cready: cready.verdict,
      reason: cready.reason,
    })),
    engines: engines.map(({ engine, installed, answer, statements, misled }) => ({
      engine,
      installed,
      answer,
      statements,
      misled,
    })),
    breaks: breaks.map(({ effect, message, since, fixedIn, architecture, depends, references }) => ({
      effect,
      message,
      since,
      fixedIn,
      architecture,
      depends,
      references,
    })),
    configFiles: configFiles.map(({ path, readBy, options }) => ({ path, readBy, options })),
    plugins: plugins.map(({ path, purpose }) => ({ path, purpose })),
    libcriu: diagnosis.libcriu,
  };
}
