// Prints what the kernel's own parser makes of its Kconfig files under the .config at hand, one
// symbol a line: name, type, value, visibility, direct dependency ('-' where it keeps none).
// Linked with the objects of the tree's scripts/kconfig and run in the place of its conf, so that
// make gives it the same environment; that is printed first, each variable behind `env `.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lkc.h"
#ifdef QSH_INTERNAL
#include "internal.h"
#endif

extern char **environ;

static void print(struct symbol *sym)
{
	static const char letters[] = "nmy";

	if (!sym->name || sym->flags & SYMBOL_CONST || sym->type == S_UNKNOWN)
		return;
	sym_calc_value(sym);
	printf("sym\t%s\t%s\t%s\t%c\t%c\n", sym->name, sym_type_name(sym->type),
	       sym_get_string_value(sym), letters[sym->visible],
	       sym_is_choice_value(sym) ? '-' : letters[sym->dir_dep.tri]);
}

int main(int argc, char **argv)
{
	struct symbol *sym;
	char **variable;

	for (variable = environ; *variable; variable++)
		if (!strchr(*variable, '\n'))
			printf("env %s\n", *variable);
	conf_parse(argv[argc - 1]);
	conf_read(NULL);
#ifdef QSH_INTERNAL
	for_all_symbols(sym)
		print(sym);
#else
	int i;
	for_all_symbols(i, sym)
		print(sym);
#endif
	return 0;
}
