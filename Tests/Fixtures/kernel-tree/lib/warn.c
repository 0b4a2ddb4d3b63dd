int warn(void)
{
	int unused = 0;
#warning "nobody reads this"
	return 1;
}
