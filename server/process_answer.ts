import type { Runner } from "../probes/run.ts";
import { packed } from "../report/packed_inspection.ts";
import { ProcessError } from "../report/process_error.ts";
import { Processes } from "../report/processes.ts";
import type { Answer, ProcessQuestion } from "./question.ts";

/** The prober's answer to a question about processes. */
export async function answerAboutProcesses(runner: Runner, question: ProcessQuestion): Promise<Answer> {
  const processes = new Processes(runner);
  try {
    switch (question.ask) {
      case "process":
        return { process: processes.process(question.ref) };
      case "processes":
        return { processes: processes.roots(question.page) };
      case "tree":
        return { tree: processes.tree(question.id) };
      case "inspection":
        return { inspection: packed(await processes.inspection(question.id, question.plan), question.most) };
    }
  } catch (error) {
    if (error instanceof ProcessError) return { refused: { code: error.code, message: error.message } };
    throw error;
  }
}
