"""Runs a program under seccomp filters: filter.py FILTER… -- PROGRAM [WORD]…

A FILTER is JSON as in the `linux.seccomp` part of an OCI container's config.json: defaultAction, defaultErrnoRet and
syscalls, each with names, action, errnoRet and args (index, value, valueTwo, op). libseccomp (python3-seccomp) makes
the program that the kernel runs.
"""
import errno
import json
import os
import sys

import seccomp

COMPARISONS = {
    "SCMP_CMP_NE": seccomp.NE, "SCMP_CMP_EQ": seccomp.EQ, "SCMP_CMP_GE": seccomp.GE, "SCMP_CMP_LE": seccomp.LE,
    "SCMP_CMP_MASKED_EQ": seccomp.MASKED_EQ,
}


def action(name, code):
    return seccomp.ALLOW if name == "SCMP_ACT_ALLOW" else seccomp.ERRNO(errno.EPERM if code is None else code)


def known(name):
    try:
        # One of another architecture has a number too, a negative one.
        return seccomp.resolve_syscall(seccomp.Arch(), name) != -1
    except (ValueError, RuntimeError):
        return False


def install(rules):
    one = seccomp.SyscallFilter(action(rules["defaultAction"], rules.get("defaultErrnoRet")))
    # Root needs none of it, and a container's processes have it as their engine says.
    one.set_attr(seccomp.Attr.CTL_NNP, 0 if os.geteuid() == 0 else 1)
    # Calls of an architecture without a filter of its own, such as those of 32 bits, pass; or they end the program.
    one.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL if rules.get("architectures") else seccomp.ALLOW)
    if "SCMP_ARCH_X86" in rules.get("architectures", []):
        one.add_arch(seccomp.Arch.X86)
    default = [rules["defaultAction"], rules.get("defaultErrnoRet")]
    for rule in rules["syscalls"]:
        if [rule["action"], rule.get("errnoRet")] == default:
            continue
        args = [
            seccomp.Arg(arg["index"], COMPARISONS[arg["op"]], arg["value"], *([arg["valueTwo"]] if "valueTwo" in arg else []))
            for arg in rule.get("args", [])
        ]
        for name in rule["names"]:
            if known(name):
                one.add_rule(action(rule["action"], rule.get("errnoRet")), name, *args)
    one.load()


def main(words):
    at = words.index("--")
    for text in words[:at]:
        install(json.loads(text))
    os.execvp(words[at + 1], words[at + 1:])


main(sys.argv[1:])
